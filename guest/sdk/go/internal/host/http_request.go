package host

// HTTPRequest is the record http-request of wit/http-requests.wit. What is none there is empty.
type HTTPRequest struct {
	Method        string
	Scheme        string
	Authority     string
	PathWithQuery string
	Headers       []HTTPHeader
}

// HTTPHeader is a header field.
type HTTPHeader struct {
	Name  string
	Value []byte
}
