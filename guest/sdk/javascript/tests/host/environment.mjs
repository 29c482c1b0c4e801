/** The command line of the program, whose first word is its name. */
export const words = ["program.wasm"];

export default { getArguments: () => words };
