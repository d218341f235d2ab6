//! A cluster that is read once, for questions.

use podfence_cluster::{Endpoint, Reading, Text, read_all};
use podfence_source::{Input, Options, read};

use crate::fake::Server;
use crate::objects::furnish;

fn inputs(reading: Reading) -> Vec<Input> {
    let input = |Text { name, text }| Input::Bytes { name, bytes: text.into_bytes() };
    reading.texts.into_iter().map(input).collect()
}

#[test]
fn everything_is_read_as_manifests_and_what_may_not_be_is_told() {
    let server = Server::start();
    server.with(furnish);
    let endpoint = Endpoint::insecure(&server.url());
    let reading = read_all(&endpoint, "shop").unwrap();
    assert!(reading.unread.is_empty());
    let names: Vec<&str> = reading.texts.iter().map(|text| text.name.as_str()).collect();
    assert!(names.contains(&"NetworkPolicy shop/web in the cluster"), "{names:?}");
    assert!(names.contains(&"Node n1 in the cluster"), "{names:?}");
    let world = read(&inputs(reading), &Options::default()).unwrap().world;
    assert_eq!(
        (world.pods.len(), world.policies.len(), world.nodes.len(), world.services.len()),
        (3, 2, 1, 1)
    );

    server.with(|store| store.forbidden.extend(["nodes".into(), "pods".into()]));
    let unread = read_all(&endpoint, "shop").unwrap().unread;
    let told: Vec<(&str, Option<&str>)> =
        unread.iter().map(|unread| (unread.resource, unread.only_of.as_deref())).collect();
    assert_eq!(told, [("nodes", None), ("pods", None)]);
    assert!(unread[1].why.contains("[list, watch]") && unread[1].without == "which pods there are");

    server.with(|store| store.forbidden.extend(["networkpolicies".into()]));
    let error = read_all(&endpoint, "shop").unwrap_err().to_string();
    assert!(
        error.contains("not allowed to read networkpolicies"),
        "without policies every answer is wrong: {error}"
    );
    server.with(|store| store.broken = true);
    assert!(read_all(&endpoint, "shop").unwrap_err().to_string().contains("request timed out"));
}
