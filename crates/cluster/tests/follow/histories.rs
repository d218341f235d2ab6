//! Random histories: whatever happens to objects and connections, what is told in the end is what a plain fold of the history gives.

use std::time::Duration;

use fastrand::Rng;
use podfence_model::ObjectKey;
use serde_json::json;

use crate::fake::{Name, Server, Store};
use crate::objects::{furnish, namespace, node, pod, policy, service};
use crate::run::Run;

/// Histories of so many steps each.
const HISTORIES: u64 = 12;
const STEPS: usize = 60;

#[test]
fn a_random_history_is_told_as_a_plain_fold_of_it() {
    for seed in 0..HISTORIES {
        let mut rng = Rng::with_seed(seed);
        let server = Server::start();
        server.with(furnish);
        let mut run = Run::start(&server);
        run.until("listed", |run| run.world.is_some());
        for step in 0..STEPS {
            let cut = server.with(|store| happen(&mut rng, store));
            if cut {
                server.cut();
            }
            if rng.u8(..8) == 0 {
                run.until("the same", |run| run.agrees_with(&server));
            }
            if rng.u8(..8) == 0 {
                let answer = run.sync();
                assert!(answer.is_err() || run.agrees_with(&server), "seed {seed}, step {step}");
            }
        }
        server.with(|store| (store.no_streams, store.delay) = (rng.bool(), Duration::ZERO));
        run.until("the same in the end", |run| run.agrees_with(&server) && run.troubles.is_empty());
        let shop = ObjectKey::Namespace("shop".into());
        assert!(!run.removed.contains(&shop), "seed {seed}: what never goes was never said to have gone");
    }
}

/// Something happens; whether all connections are cut, too.
fn happen(rng: &mut Rng, store: &mut Store) -> bool {
    for _ in 0..rng.usize(1..4) {
        match rng.u8(..10) {
            0..6 => write(rng, store),
            6 | 7 => delete(rng, store),
            8 => store.raw(["pods", "networkpolicies"][rng.usize(..2)], "{\"type\":\"ADDED\",\"object\":["),
            _ => store.break_off = Some(rng.usize(..4)),
        }
    }
    match rng.u8(..12) {
        0 => store.forget_history(),
        1 => store.no_streams = rng.bool(),
        2 => store.delay = Duration::from_millis(rng.u64(..20)),
        _ => {}
    }
    rng.u8(..5) == 0
}

fn write(rng: &mut Rng, store: &mut Store) {
    let app = ["web", "api", "client"][rng.usize(..3)];
    let (number, name) = (rng.u8(..8), format!("o{}", rng.u8(..6)));
    let (resource, mut object) = match rng.u8(..8) {
        0 => ("namespaces", namespace("shop", app)),
        1 => ("namespaces", namespace(&name, app)),
        2 => ("nodes", node(&name, number)),
        3 => ("services", service("shop", &name, app)),
        4 | 5 => ("networkpolicies", policy("shop", &name, app)),
        _ => ("pods", pod("shop", &name, app, number)),
    };
    // Nodes and Services have no closed form: what they were before counts, which is no plain fold.
    if rng.u8(..10) == 0 && !matches!(resource, "nodes" | "services") {
        object["metadata"]["labels"] = json!({"app": [app]}); // not understood
    }
    store.put(resource, object);
}

fn delete(rng: &mut Rng, store: &mut Store) {
    let names: Vec<Name> = store.objects.keys().filter(|name| name.2 != "shop").cloned().collect();
    if let Some(name) = names.get(rng.usize(..names.len().max(1))) {
        store.delete(name);
    }
}
