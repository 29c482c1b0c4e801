/** What the host tells; `undefined` where the connection is no request. */
export const told = { request: undefined };

export default { getHttpRequest: () => told.request };
