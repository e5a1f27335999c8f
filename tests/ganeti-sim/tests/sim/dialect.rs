//! RAPI's own habits: limits, order of checks, errors.

use ganeti_sim::{Access, Credentials, Options, Runtime, Sim};

use crate::raw::{basic, exchange, send};

fn up(options: Options) -> Sim {
    Sim::start(Options { runtime: Runtime::Current, ..options }).unwrap()
}

fn get(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn every_answer_ends_its_connection() {
    let sim = up(Options::default());
    let answer = send(&sim, "GET", "/version", None).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "2\n"));
    for header in
        ["connection: close", "content-type: application/json", "content-length: 2", "server: ganeti"]
    {
        assert!(answer.head.contains(header), "{header} in {}", answer.head);
    }
}

#[tokio::test]
async fn what_is_too_long_or_not_ascii_gets_no_answer() {
    let sim = up(Options::default());
    let auth = basic(&sim.write_credentials());
    let fits = get("/2/info", &format!("{auth}X-Long: {}\r\n", "a".repeat(3900)));
    assert_eq!(exchange(&sim, &fits).await.unwrap().status, 200);
    let long_header = get("/2/info", &format!("{auth}X-Long: {}\r\n", "a".repeat(4096)));
    assert!(exchange(&sim, &long_header).await.is_none());
    let long_line = get(&format!("/2/info?a={}", "a".repeat(8192)), &auth);
    assert!(exchange(&sim, &long_line).await.is_none());

    let body = r#"{"action":"ACCEPT","reason":["ü"]}"#;
    let length = body.len();
    let kind = "Content-Type: application/json";
    let request = format!(
        "POST /2/filters HTTP/1.1\r\nHost: a\r\n{auth}{kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    assert!(exchange(&sim, request.as_bytes()).await.is_none());
}

#[tokio::test]
async fn checks_come_in_rapis_order() {
    let sim = up(Options::default());
    let (writer, reader) = (basic(&sim.write_credentials()), basic(&sim.read_credentials()));
    let wrong = basic(&Credentials { username: "operator".into(), password: "wrong".to_owned().into() });
    let post = |path: &str, auth: &str, rest: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: a\r\n{auth}{rest}").into_bytes()
    };
    let json = "Content-Type: application/json\r\n";
    for (what, request, status) in [
        ("nobody at a path that does not exist", get("/3", ""), 401),
        ("anyone at a path that does not exist", get("/3", &wrong), 404),
        ("a method that is not there", post("/2/info", &wrong, "\r\n"), 501),
        ("a wrong password", get("/2/info", &wrong), 401),
        ("a right that is missing", post("/2/instances", &reader, "\r\n"), 403),
        (
            "a wrong type",
            post("/2/instances", &writer, "Content-Length: 2\r\nContent-Type: text/json\r\n\r\n{}"),
            415,
        ),
        ("no type", post("/2/instances", &writer, "Content-Length: 2\r\n\r\n{}"), 415),
        ("no JSON", post("/2/instances", &writer, &format!("{json}Content-Length: 2\r\n\r\n{{,")), 400),
        ("an old body", post("/2/instances", &writer, &format!("{json}Content-Length: 2\r\n\r\n{{}}")), 400),
        ("a trailing slash", get("/2/info/", &writer), 404),
        ("a text for a flag", get("/2/instances?bulk=true", &writer), 400),
        ("locks", get("/2/instances?lock=1", &writer), 500),
        ("no host", format!("GET /2/info HTTP/1.1\r\n{writer}\r\n").into_bytes(), 400),
    ] {
        let answer = exchange(&sim, &request).await.unwrap();
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        assert_eq!(answer.body["code"], status, "{what}");
    }
    let answer = exchange(&sim, &get("/2/info", "")).await.unwrap();
    assert!(answer.head.contains("www-authenticate: basic realm=\"ganeti remote api\""), "{}", answer.head);
    assert_eq!(sim.requests().denied, 4);
}

#[tokio::test]
async fn without_required_authentication_reading_is_free() {
    let sim = up(Options { require_authentication: false, ..Options::default() });
    let status = async |request: Vec<u8>| exchange(&sim, &request).await.unwrap().status;
    assert_eq!(status(get("/2/info", "")).await, 200);
    assert_eq!(status(get("/3", "")).await, 404);
    assert_eq!(status(get("/2/query/node?fields=name", "")).await, 401);
    assert_eq!(status(get("/2/jobs/1/wait", "")).await, 401);
    let plain = Credentials { username: "plain".into(), password: "pw".to_owned().into() };
    sim.set_password(plain.clone(), Access::Plain);
    assert_eq!(status(get("/2/query/node?fields=name", &basic(&plain))).await, 403);
    assert_eq!(status(get("/2/nodes", &basic(&plain))).await, 200);
}

#[tokio::test]
async fn errors_are_escaped_and_name_what_is_wrong() {
    let sim = up(Options::default());
    let answer =
        send(&sim, "PUT", "/2/instances/a/shutdown", Some(serde_json::json!({"timeout": "soon"}))).await;
    assert_eq!(answer.status, 400);
    let message = "Invalid body parameters: (&quot;Parameter &#x27;OP_INSTANCE_SHUTDOWN.timeout&#x27; fails validation\
                   &quot;, &#x27;wrong_input&#x27;)";
    assert_eq!(answer.body["message"], message);
    let answer = send(&sim, "PATCH", "/2/info", None).await;
    assert_eq!(
        (answer.status, &answer.body["message"]),
        (501, &"Method PATCH is unsupported for path /2/info".into())
    );
}
