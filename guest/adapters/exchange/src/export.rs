//! The exports of a component whose connections are HTTP requests.

/// Implements `http-exchange`, `http-requests` and the connections of a component, in the module where it stands.
///
/// `$bindings` is the path of the module that `wit-bindgen` has generated, in words: `crate::bindings`. A `Transport` is in
/// scope, which has, beside what a connection asks of it:
///
/// - `new(IncomingRequest, ResponseOutparam)`;
/// - `incoming()`, the [`Incoming`](crate::Incoming) that it receives;
/// - `close(succeeded)`, for when the handler has returned.
#[macro_export]
macro_rules! export_exchange {
    ($($bindings:ident)::+) => {
        ::std::thread_local! {
            static CURRENT: $crate::connection::Current<$crate::connection::Connection<Transport>> =
                const { $crate::connection::Current::new() };
        }

        struct Adapter;

        use $($bindings)::+::exports::socketserver::adapters::http_exchange;
        use $($bindings)::+::exports::socketserver::core::http_requests;

        impl http_exchange::Guest for Adapter {
            fn open(
                request: $crate::http::IncomingRequest,
                response_out: $crate::http::ResponseOutparam,
            ) -> exported::Connection {
                // The server has its own bounds for a request; none of them is told.
                let connection = $crate::connection::Connection::new(Transport::new(request, response_out), None);
                exported::Connection::new(Handle(CURRENT.with(|current| current.open(connection))))
            }

            fn close(handled: Result<(), String>) {
                if let Err(error) = &handled {
                    $crate::complain(&format!("handler error: {error}"));
                }
                if let Some(connection) = CURRENT.with($crate::connection::Current::take_last) {
                    connection.into_transport().close(handled.is_ok());
                }
            }
        }

        /// The handler has dropped its handle. Whether its response is complete is known when it returns, so that is waited
        /// for.
        fn dropped(_: u32) {}

        impl http_requests::Guest for Adapter {
            fn get_http_request() -> Option<http_requests::HttpRequest> {
                CURRENT.with(|current| {
                    current.with_last(|connection| {
                        let incoming = connection.transport().incoming();
                        let request = incoming.request();
                        http_requests::HttpRequest {
                            method: $crate::method_name(request.method()),
                            scheme: request.scheme().map($crate::scheme_name),
                            authority: request.authority(),
                            path_with_query: request.path_with_query(),
                            headers: incoming.fields(),
                        }
                    })
                })
            }
        }

        impl exported::Guest for Adapter {
            type Connection = Handle;
        }

        $crate::connection::export_connections!($($bindings)::+, CURRENT, dropped);

        #[allow(unsafe_code, reason = "generated code")]
        mod export {
            use super::Adapter;

            $($bindings)::+::export!(Adapter with_types_in $($bindings)::+);
        }
    };
}
