//! What a follower tells of a cluster, a line for each event, as kubectl would find it: `cargo run -p podfence-cluster --example
//! follow [KUBECONFIG [CONTEXT]]`. Every line on standard input is a wish for everything.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use podfence_cluster::{Access, Event, Follower};
use podfence_model::Change;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let access = Access { kubeconfig: arguments.next().map(PathBuf::from), context: arguments.next() };
    let (follower, wishes) = Follower::new(access.endpoint()?);
    let begun = Instant::now();
    std::thread::spawn(move || {
        for _ in std::io::stdin().lines() {
            let asked = Instant::now();
            wishes.sync(Box::new(move |answer| println!("synced in {:?}: {answer:?}", asked.elapsed())));
        }
    });
    follower.run(|event| {
        tell(&event, begun);
        ControlFlow::Continue(())
    })?;
    Ok(())
}

fn tell(event: &Event, begun: Instant) {
    print!("{:>8} ms  ", begun.elapsed().as_millis());
    match event {
        Event::World(world) => println!(
            "world of {} namespaces, {} nodes, {} pods, {} services, {} policies",
            world.namespaces.len(),
            world.nodes.len(),
            world.pods.len(),
            world.services.len(),
            world.policies.len()
        ),
        Event::Changes(told) => {
            println!("{} changes", told.len());
            for told in told.iter().take(5) {
                let age = told.written.and_then(|at| SystemTime::now().duration_since(at).ok());
                let verb = if matches!(told.change, Change::Put(_)) { "put" } else { "gone" };
                println!("             {verb} {}, written {age:?} ago", told.change.key());
            }
        }
        Event::Unclear(unclear) => println!("not understood: {unclear:?}"),
        Event::Troubles(troubles) => println!("cannot be read: {troubles:?}"),
    }
}
