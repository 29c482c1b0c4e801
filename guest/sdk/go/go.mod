module github.com/socketserver/socketserver/guest/sdk/go

go 1.24
