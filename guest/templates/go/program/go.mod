module {{name}}

go 1.24

require github.com/socketserver/socketserver/guest/sdk/go v0.0.0

replace github.com/socketserver/socketserver/guest/sdk/go => ./sdk
