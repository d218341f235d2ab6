//! The smallest change does what it says: made to the text and read again, the text has the verdict that was asked for, and
//! what is told of it is what `diff` finds between both texts.
//!
//! Random worlds, written down as manifests, and flows between their pods.

use podfence_analysis::diff::{Snapshot, Turn, diff};
use podfence_analysis::mend::{Effect, Goal, Mended, Unmended, smallest};
use podfence_analysis::{Question, Target, Verdict, assumed, explain};
use podfence_engine::Engine;
use podfence_model::{NamespacedName, World};
use podfence_report::mend::{self, Draft};
use podfence_source::{Input, Loaded, Options, apply, read};
use podfence_testkit::{describe, generate};

const SEEDS: u64 = 60;

fn load(texts: &[String]) -> Loaded {
    let input =
        |(n, text): (usize, &String)| Input::Bytes { name: format!("{n}.yaml"), bytes: text.clone().into() };
    let inputs: Vec<Input> = texts.iter().enumerate().map(input).collect();
    let mut loaded =
        read(&inputs, &Options::default()).unwrap_or_else(|e| panic!("{e}\n{}", texts.join("---\n")));
    assumed::add_cluster_dns(&mut loaded.world);
    loaded
}

fn question(world: &World, source: &str, destination: &NamespacedName) -> Question {
    let destination = format!("{}/pod/{}:80", destination.namespace, destination.name);
    Question {
        source: Target::parse(source, world).expect("a pod or an address"),
        destination: Target::parse(&destination, world).expect("a pod"),
        port: None,
        protocol: None,
        namespace: None,
    }
}

fn change(loaded: &Loaded, question: &Question, goal: Goal) -> Result<Mended, Unmended> {
    let world = &loaded.world;
    let engine = Engine::new(world);
    let draft = Draft::new(world, &loaded.sources, Options::default());
    smallest(Snapshot { world, engine: &engine }, question, goal, &|all| draft.read_back(all))
}

fn verdict(world: &World, question: &Question) -> Option<Verdict> {
    explain(world, &Engine::new(world), question).ok().map(|explanation| explanation.verdict)
}

/// The manifests with the change made.
fn mended_texts(text: &str, loaded: &Loaded, mended: &Mended) -> Option<Vec<String>> {
    let edits = mend::patch(&loaded.world, mended, &loaded.sources)?;
    let text = apply(text, &edits).ok()?;
    Some(std::iter::once(text).chain(mend::new_policies(mended)).collect())
}

/// How many effects of each turn and set of ports are told of.
fn told(effects: &[Effect]) -> Vec<(Turn, String)> {
    let mut told: Vec<_> = effects.iter().map(|effect| (effect.turn, effect.ports.to_string())).collect();
    told.sort();
    told
}

/// The same of what `diff` finds between two worlds.
fn changes(old: &World, new: &World) -> Vec<(Turn, String)> {
    let (before, after) = (Engine::new(old), Engine::new(new));
    let differ =
        diff(Snapshot { world: old, engine: &before }, Snapshot { world: new, engine: &after }).changes;
    let mut changes: Vec<_> = differ.iter().map(|change| (change.turn, change.ports.to_string())).collect();
    changes.sort();
    changes
}

#[test]
fn the_change_makes_the_verdict() {
    let mut made = [0; 2];
    let mut unwritten = 0;
    for seed in 0..SEEDS {
        let text = describe::to_yaml(&generate::world(seed));
        let loaded = load(std::slice::from_ref(&text));
        let world = &loaded.world;
        let pods: Vec<&NamespacedName> = world.pods.keys().collect();
        let mut asked: Vec<(String, &NamespacedName)> = pods
            .iter()
            .zip(pods.iter().skip(1))
            .map(|(from, to)| (format!("{}/pod/{}", from.namespace, from.name), *to))
            .step_by(3)
            .collect();
        asked.extend(pods.first().map(|to| ("203.0.113.7".to_owned(), *to)));
        for (from, to) in asked {
            let question = question(world, &from, to);
            for (n, goal, wanted) in [(0, Goal::Allow, Verdict::Allowed), (1, Goal::Deny, Verdict::Denied)] {
                let Ok(mended) = change(&loaded, &question, goal) else { continue };
                let Some(texts) = mended_texts(&text, &loaded, &mended) else {
                    unwritten += 1;
                    continue;
                };
                let again = load(&texts);
                let context = || {
                    format!(
                        "seed {seed}: {from} → {to} {goal:?}\n{:?}\n{}",
                        mended.amendments,
                        texts.join("---\n")
                    )
                };
                assert_eq!(verdict(&again.world, &question), Some(wanted), "{}", context());
                let (meant, read) = (Engine::new(&mended.world), Engine::new(&again.world));
                let differ = diff(
                    Snapshot { world: &mended.world, engine: &meant },
                    Snapshot { world: &again.world, engine: &read },
                );
                assert!(differ.is_empty(), "{}", context());
                assert_eq!(told(&mended.effects), changes(world, &again.world), "{}", context());
                made[n] += 1;
            }
        }
    }
    assert!(made[0] > 40 && made[1] > 40, "allowed, denied: {made:?}");
    assert!(unwritten * 10 < made[0] + made[1], "{unwritten} changes could not be written, {made:?} could");
}
