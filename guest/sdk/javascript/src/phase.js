// A component is made by running the top level of its module once and keeping the memory. What must be new in each instance
// (random numbers, say) must not be kept from there.

/** Whether this is an instance that serves, and not the build. */
export const phase = { isServing: false };
