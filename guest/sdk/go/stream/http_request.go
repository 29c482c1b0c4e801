package stream

// HTTPRequest is what an HTTP request has beside its body. What the server does not know is empty.
//
// Python equivalent: the command, path and headers of http.server.BaseHTTPRequestHandler
type HTTPRequest struct {
	// Method is as it stands in the request: "GET".
	Method string
	// Scheme is "http" or "https".
	Scheme string
	// Authority is the host that the client asked, and the port where it is not the scheme's own: "example.org:8080".
	Authority string
	// PathWithQuery is the path, and the query if there is one: "/search?q=socket".
	PathWithQuery string
	// Headers are the header fields in their order; a name may come several times.
	Headers []HTTPHeader
}

// HTTPHeader is a header field.
type HTTPHeader struct {
	// Name is the same as one that differs in case alone.
	Name string
	// Value need not be UTF-8.
	Value []byte
}

// CurrentHTTPRequest is the request that the connection being handled is; nil where it is no request, and natively.
//
// A handler of bytes that is behind HTTP ("socketserver bundle --for wasmtime-serve") receives the body of a request, and
// sends the body of the response. A component that does not call this does not import it.
func CurrentHTTPRequest() *HTTPRequest {
	told := httpRequest()
	if told == nil {
		return nil
	}
	request := &HTTPRequest{
		Method:        told.Method,
		Scheme:        told.Scheme,
		Authority:     told.Authority,
		PathWithQuery: told.PathWithQuery,
		Headers:       make([]HTTPHeader, len(told.Headers)),
	}
	for i, header := range told.Headers {
		request.Headers[i] = HTTPHeader(header)
	}
	return request
}
