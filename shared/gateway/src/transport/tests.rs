#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected should stop")]

use super::*;
use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

/// A server that answers one request with the given bytes and returns what it was asked.
fn server(answer: Vec<u8>) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 4096];
        let length = stream.read(&mut asked).unwrap();
        stream.write_all(&answer).unwrap_or_default();
        String::from_utf8_lossy(&asked[..length]).into_owned()
    });
    (address, serving)
}

fn ask(address: &str, timeout: Duration) -> Result<http::Response<Bytes>, TransportError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let request = http::Request::post(address).header("idempotency-key", "k").body(Bytes::from_static(b"a=b")).unwrap();
    runtime.block_on(Transport::reqwest(timeout).send(request))
}

#[test]
fn a_request_and_its_answer_arrive_whole() {
    let (address, serving) = server(b"HTTP/1.1 200 OK\r\nrequest-id: req_1\r\ncontent-length: 2\r\n\r\n{}".to_vec());
    let answer = ask(&address, CALL_TIMEOUT).unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["request-id"], &answer.body()[..]),
        (200, &"req_1".parse().unwrap(), &b"{}"[..])
    );
    let asked = serving.join().unwrap();
    assert!(asked.starts_with("POST /v1 HTTP/1.1\r\n") && asked.contains("idempotency-key: k\r\n"), "{asked}");
}

#[test]
fn a_redirect_is_not_followed() {
    let (address, serving) = server(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec());
    assert_eq!(ask(&address, CALL_TIMEOUT).unwrap().status(), 302);
    serving.join().unwrap();
}

#[test]
fn f04_an_answer_that_does_not_come_whole_is_an_error() {
    let length = MAX_ANSWER_BYTES + 1;
    let mut endless = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes();
    endless.resize(endless.len() + length, b' ');
    for (answer, why) in [
        (b"".to_vec(), "no answer"),
        (b"no HTTP\r\n\r\n".to_vec(), "another protocol"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}".to_vec(), "half an answer"),
        (endless, "more than is read"),
    ] {
        let (address, serving) = server(answer);
        assert_eq!(ask(&address, CALL_TIMEOUT).unwrap_err().kind, TransportErrorKind::Broken, "{why}");
        serving.join().unwrap();
    }
}

#[test]
fn f04_a_silent_server_is_a_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1/cs_test_1", silent.local_addr().unwrap());
    let error = ask(&address, Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind, TransportErrorKind::Timeout);
    assert!(!format!("{error:?}").contains("cs_test_1"), "{error:?}");
}

#[test]
fn f04_a_closed_door_is_no_connection() {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1", door.local_addr().unwrap());
    drop(door);
    assert_eq!(ask(&address, CALL_TIMEOUT).unwrap_err().kind, TransportErrorKind::Connect);
}
