(* http/af over Lwt: hello, and at POST an echo. Its port is the first argument. *)
open Httpaf

let greeting = Bigstringaf.of_string ~off:0 ~len:13 "Hello, World!"

let hello reqd =
  let headers = Headers.of_list [ "content-length", "13" ] in
  Body.Reader.close (Reqd.request_body reqd);
  Reqd.respond_with_bigstring reqd (Response.create ~headers `OK) greeting

let echo reqd length =
  let headers = Headers.of_list [ "content-length", length ] in
  let request_body = Reqd.request_body reqd in
  let response_body = Reqd.respond_with_streaming reqd (Response.create ~headers `OK) in
  let rec on_read buffer ~off ~len =
    Body.Writer.write_bigstring response_body buffer ~off ~len;
    Body.Reader.schedule_read request_body ~on_eof ~on_read
  and on_eof () = Body.Writer.close response_body in
  Body.Reader.schedule_read request_body ~on_eof ~on_read

let request_handler _ reqd =
  let { Request.headers; _ } = Reqd.request reqd in
  match Headers.get headers "content-length" with
  | Some length -> echo reqd length
  | None -> hello reqd

let error_handler _ ?request:_ _ start_response = Body.Writer.close (start_response Headers.empty)

let () =
  let address = Unix.(ADDR_INET (inet_addr_loopback, int_of_string Sys.argv.(1))) in
  let handler = Httpaf_lwt_unix.Server.create_connection_handler ~request_handler ~error_handler in
  Lwt.async (fun () ->
    Lwt.map ignore (Lwt_io.establish_server_with_client_socket ~backlog:1024 address handler));
  Lwt_main.run (fst (Lwt.wait ()))
