//! One mood of a server each.

use std::time::Duration;

use podfence_model::{NamespacedName, ObjectKey};
use serde_json::json;

use crate::fake::{Name, Server, Store, name_of};
use crate::objects::{furnish, namespace, node, pod, policy};
use crate::run::{Run, has};

/// What happens to a server.
type Change = fn(&mut Store);

/// What a server does, one after the other; after each the follower is asked for everything, and agrees.
struct Scenario {
    name: &'static str,
    /// Before anybody follows.
    before: Change,
    /// What happens then, and whether all connections are cut after it.
    then: &'static [(Change, bool)],
}

fn nothing(_: &mut Store) {}

fn edit(store: &mut Store) {
    store.put("pods", pod("shop", "web", "api", 1));
    store.put("pods", pod("shop", "new", "web", 9));
    store.put("namespaces", namespace("shop", "2"));
    store.delete(&name("networkpolicies", "api"));
    store.put("networkpolicies", policy("shop", "web", "api"));
    store.put("nodes", node("n2", 2));
}

fn name(resource: &'static str, name: &str) -> Name {
    (resource, "shop".to_owned(), name.to_owned())
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "streaming lists", before: nothing, then: &[(edit, false)] },
    Scenario {
        name: "pages, where there are no streaming lists",
        before: |store| store.no_streams = true,
        then: &[(edit, false)],
    },
    Scenario {
        name: "a streaming list without an end",
        before: |store| store.endless = true,
        then: &[(edit, true)],
    },
    Scenario {
        name: "connections are cut",
        before: nothing,
        then: &[(nothing, true), (edit, true), (nothing, true)],
    },
    Scenario {
        name: "what is missed is too long ago",
        before: nothing,
        then: &[(
            |store| {
                edit(store);
                store.forget_history();
            },
            true,
        )],
    },
    Scenario {
        name: "a list breaks off",
        before: |store| store.break_off = Some(1),
        then: &[(
            |store| {
                edit(store);
                store.forget_history();
                store.break_off = Some(2);
            },
            true,
        )],
    },
    Scenario {
        name: "pages expire",
        before: |store| {
            store.no_streams = true;
            store.pages_expire = true;
        },
        then: &[(|store| store.pages_expire = false, false), (edit, true)],
    },
    Scenario {
        name: "a slow server",
        before: |store| store.delay = Duration::from_millis(150),
        then: &[(edit, true)],
    },
    Scenario {
        name: "a server that is too slow, and then is not",
        before: |store| store.delay = Duration::from_millis(700),
        then: &[(|store| store.delay = Duration::ZERO, false), (edit, false)],
    },
    Scenario {
        name: "a server with errors",
        before: |store| store.broken = true,
        then: &[
            (|store| store.broken = false, false),
            (
                |store| {
                    edit(store);
                    store.broken = true;
                },
                true,
            ),
            (|store| store.broken = false, false),
        ],
    },
    Scenario {
        name: "lines that make no sense",
        before: nothing,
        then: &[
            (
                |store| {
                    store.raw("pods", "{\"type\":\"ADDED\",\"object\":{\"metadata\"");
                    edit(store);
                },
                false,
            ),
            (
                |store| {
                    store.raw(
                        "networkpolicies",
                        "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":7}}}",
                    );
                },
                false,
            ),
            (|store| store.raw("nodes", "{\"type\":\"SIDEWAYS\",\"object\":{}}"), false),
            (
                |store| {
                    store.raw("nodes", "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500,\"message\":\"x\"}}");
                },
                false,
            ),
        ],
    },
    Scenario {
        name: "the same is told twice",
        before: nothing,
        then: &[(
            |store| {
                let web = store.objects[&name("pods", "web")].clone();
                store.raw("pods", &json!({"type": "ADDED", "object": web}).to_string());
                store.raw("pods", &json!({"type": "MODIFIED", "object": web}).to_string());
            },
            false,
        )],
    },
    Scenario {
        name: "a pod comes again under its name",
        before: nothing,
        then: &[(
            |store| {
                store.delete(&name("pods", "web"));
                store.put("pods", pod("shop", "web", "web", 77));
            },
            false,
        )],
    },
];

#[test]
fn whatever_the_server_does_its_world_is_told() {
    for scenario in SCENARIOS {
        let server = Server::start();
        server.with(|store| {
            furnish(store);
            (scenario.before)(store);
        });
        let mut run = Run::start(&server);
        for (step, (change, cut)) in scenario.then.iter().enumerate() {
            if step == 0 {
                let well = server.with(|store| {
                    !store.broken && !store.pages_expire && store.delay < Duration::from_millis(400)
                });
                assert!(
                    !well || {
                        run.until("listed", |run| run.world.is_some());
                        run.agrees_with(&server)
                    },
                    "{}",
                    scenario.name
                );
            }
            server.with(change);
            if *cut {
                server.cut();
            }
            let mut answer = run.sync();
            if server.with(|store| !store.broken) && answer.is_err() {
                answer = run.sync(); // a list has broken off, which is told at once
            }
            let away = server.with(|store| store.broken);
            assert_eq!(answer.is_err(), away, "{}, {step}: {answer:?}", scenario.name);
            assert!(away || run.agrees_with(&server), "{}, {step}", scenario.name);
            assert_eq!(run.troubles.is_empty(), !away, "{}, {step}: {:?}", scenario.name, run.troubles);
        }
    }
}

#[test]
fn changes_are_told_without_asking_with_the_time_at_which_they_were_written() {
    let server = Server::start();
    server.with(furnish);
    let mut run = Run::start(&server);
    run.until("listed", |run| run.world.is_some());
    server.with(edit);
    run.until("the same", |run| run.agrees_with(&server));
    let asked = server.with(|store| store.asked.clone());
    assert!(asked.values().all(|asked| *asked == ["stream"]), "one connection for each kind: {asked:?}");
}

#[test]
fn a_server_without_streaming_lists_is_asked_for_pages() {
    let server = Server::start();
    server.with(|store| {
        furnish(store);
        store.no_streams = true;
    });
    let mut run = Run::start(&server);
    run.until("listed", |run| run.world.is_some());
    server.with(edit);
    run.until("the same", |run| run.agrees_with(&server));
    assert_eq!(server.with(|store| store.asked["pods"].clone()), ["stream", "list", "page", "watch"]);
}

#[test]
fn nothing_goes_before_a_list_is_complete() {
    let server = Server::start();
    server.with(furnish);
    let mut run = Run::start(&server);
    run.until("listed", |run| run.world.is_some());
    let gone = name("pods", "web");
    let web = server.with(|store| {
        let web = store.objects[&gone].clone();
        store.delete(&gone);
        web
    });
    run.until("told", |run| !run.removed.is_empty());
    server.with(|store| {
        store.put("pods", web.clone());
        store.put("pods", pod("shop", "more", "web", 5));
    });
    run.until("back", |run| has(run, &web, "pods"));
    run.removed.clear();
    // The next lists do not come to their ends, and nothing goes by them.
    server.with(|store| {
        store.broken = true;
        store.objects.remove(&gone);
        store.forget_history();
    });
    server.cut();
    run.until("away", |run| !run.troubles.is_empty());
    server.with(|store| {
        store.broken = false;
        store.endless = true;
        store.no_streams = false;
        store.pages_expire = true;
    });
    std::thread::sleep(Duration::from_millis(700));
    run.hear();
    assert!(run.removed.is_empty() && has(&run, &web, "pods"));
    server.with(|store| {
        store.endless = false;
        store.pages_expire = false;
    });
    run.until("gone", |run| !has(run, &web, "pods"));
    assert!(run.sync().is_ok() && run.agrees_with(&server));
    assert_eq!(run.removed, [ObjectKey::Pod(NamespacedName::new("shop", "web"))]);
}

#[test]
fn what_is_forbidden_keeps_the_first_world_back_and_later_changes_nothing() {
    let server = Server::start();
    server.with(|store| {
        furnish(store);
        store.forbidden.insert("networkpolicies".into());
    });
    let mut run = Run::start(&server);
    run.until("told", |run| !run.troubles.is_empty());
    let told = run.troubles.concat();
    for part in
        ["networkpolicies", "system:serviceaccount:podfence:agent", "[list, watch]", "networking.k8s.io"]
    {
        assert!(told.contains(part), "{told}");
    }
    assert!(run.sync().is_err() && run.world.is_none());
    server.with(|store| store.forbidden.clear());
    run.until("listed", |run| run.world.is_some() && run.troubles.is_empty());
    assert!(run.agrees_with(&server));

    let before = run.world.clone();
    server.with(|store| {
        store.forbidden.insert("networkpolicies".into());
    });
    server.cut();
    run.until("told", |run| !run.troubles.is_empty());
    server.with(edit);
    run.until("pods are followed", |run| run.world.as_ref().is_some_and(|world| world.pods.len() == 4));
    assert_eq!(run.world.as_ref().map(|world| &world.policies), before.as_ref().map(|world| &world.policies));
    server.with(|store| store.forbidden.clear());
    run.until("right again", |run| run.troubles.is_empty() && run.agrees_with(&server));
}

#[test]
fn an_object_that_is_not_understood_is_told_alone_and_closed() {
    let server = Server::start();
    server.with(furnish);
    let mut run = Run::start(&server);
    run.until("listed", |run| run.world.is_some());
    let id = NamespacedName::new("shop", "web");
    let mut odd = policy("shop", "web", "web");
    odd["spec"]["ingress"][0]["from"][0]["fqdn"] = json!("example.com");
    server.with(|store| {
        store.put("networkpolicies", odd);
        store.put("pods", pod("shop", "other", "web", 8));
    });
    run.until("told", |run| !run.unclear.is_empty() && run.agrees_with(&server));
    let why = &run.unclear[&ObjectKey::Policy(id.clone())];
    assert!(why.starts_with("spec.ingress[0].from[0].fqdn: unknown field"), "{why}");
    let policy_now = |run: &Run| run.world.as_ref().unwrap().policies[&id].clone();
    assert!(policy_now(&run).ingress.is_empty() && policy_now(&run).directions.ingress);
    // A follower that begins now says the same.
    let mut other = Run::start(&server);
    other.until("listed", |run| run.world.is_some() && run.unclear.len() == 1);
    assert!(other.agrees_with(&server));
    server.with(|store| store.put("networkpolicies", policy("shop", "web", "web")));
    run.until("understood", |run| run.unclear.is_empty() && run.agrees_with(&server));
}

#[test]
fn a_database_that_is_restored_is_followed_whatever_its_versions() {
    for (name, later) in [("behind", 0), ("ahead of us by other changes", 20)] {
        let server = Server::start();
        server.with(furnish);
        let mut run = Run::start(&server);
        run.until("listed", |run| run.world.is_some());
        let copy = server.with(|store| (store.version, store.objects.clone()));
        server.with(edit);
        run.until("the same", |run| run.agrees_with(&server));
        server.with(|store| {
            store.restore(copy);
            store.broken = true;
        });
        server.cut();
        run.until("away", |run| !run.troubles.is_empty());
        server.with(|store| {
            for number in 0..later {
                store.put("nodes", node("n9", number));
            }
            store.broken = false;
        });
        run.until(name, |run| run.agrees_with(&server));
    }
}

#[test]
fn what_does_not_matter_is_not_told() {
    let server = Server::start();
    server.with(furnish);
    let mut run = Run::start(&server);
    run.until("listed", |run| run.world.is_some());
    let before = run.world.clone().unwrap();
    server.with(|store| {
        let mut web = pod("shop", "web", "web", 1);
        web["metadata"]["annotations"] = json!({"x": "y"});
        web["metadata"]["managedFields"] = json!([{"time": "2026-02-02T00:00:00Z"}]);
        web["status"]["conditions"] = json!([{"type": "Ready", "status": "False"}]);
        web["spec"]["containers"][0]["image"] = json!("j");
        store.put("pods", web);
    });
    assert!(run.sync().is_ok());
    assert_eq!(run.world.as_ref(), Some(&before), "not even its version");
    let gone = server.with(|store| name_of("pods", &store.objects[&name("pods", "web")]));
    assert_eq!(gone, name("pods", "web"));
    server.with(|store| store.delete(&gone));
    run.until("gone", |run| run.removed == [ObjectKey::Pod(NamespacedName::new("shop", "web"))]);
}
