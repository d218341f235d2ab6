//! Edits of findings do what they say, on random worlds in random layouts: the text is read again, no object changes but the one
//! that a finding is about, and edits of rules that promise it change no verdict.

use podfence_analysis::assumed::add_cluster_dns;
use podfence_analysis::diff::{Snapshot, diff};
use podfence_engine::Engine;
use podfence_lint::{Finding, Fix, Report, Selection, fix, lint};
use podfence_model::{NamespacedName, NetworkPolicy, World};
use podfence_source::{Input, Loaded, Options, apply, read};
use podfence_testkit::{describe, generate, layout};

const SEEDS: u64 = 150;

/// Rules whose safe edits say in other words what was said before. The edits of all others say what they open and close.
const SAME: [&str; 2] = ["duplicate-item", "implicit-policy-types"];

fn load(text: &str) -> Loaded {
    let input = Input::Bytes { name: "world.yaml".into(), bytes: text.into() };
    let mut loaded = read(&[input], &Options::default()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    add_cluster_dns(&mut loaded.world);
    loaded
}

fn report(loaded: &Loaded) -> Report {
    let engine = Engine::new(&loaded.world);
    lint(&loaded.world, &engine, &loaded.sources, &loaded.notes, &Selection::default())
}

/// A random world's text: every third seed with items twice, so that there is something to mend.
fn text(seed: u64) -> String {
    let mut rng = generate::Rng::with_seed(seed);
    let mut world = generate::world(seed);
    for policy in world.policies.values_mut().filter(|_| seed.is_multiple_of(3)) {
        for rule in policy.ingress.iter_mut().chain(&mut policy.egress) {
            rule.peers.extend(rule.peers.first().cloned());
            rule.ports.extend(rule.ports.last().cloned());
        }
    }
    layout::drawn(&describe::to_yaml(&world), &mut rng)
}

fn equal(old: &World, new: &World) -> bool {
    let (before, after) = (Engine::new(old), Engine::new(new));
    diff(Snapshot { world: old, engine: &before }, Snapshot { world: new, engine: &after }).is_empty()
}

/// The policies that do not say the same in both worlds.
fn differing<'a>(old: &'a World, new: &'a World) -> Vec<&'a NamespacedName> {
    let says = |world: &World, id: &NamespacedName| world.policies.get(id).map(NetworkPolicy::without_places);
    old.policies.keys().chain(new.policies.keys()).filter(|id| says(old, id) != says(new, id)).collect()
}

#[test]
fn a_layout_says_the_same() {
    for seed in 0..SEEDS {
        let plain = describe::to_yaml(&generate::world(seed));
        let drawn = layout::drawn(&plain, &mut generate::Rng::with_seed(seed));
        let (plain, other) = (load(&plain).world, load(&drawn).world);
        assert!(differing(&plain, &other).is_empty() && plain.pods.len() == other.pods.len(), "{drawn}");
    }
}

#[test]
fn an_edit_changes_its_own_policy_only() {
    let mut made = [0; 2];
    for seed in 0..SEEDS {
        let text = text(seed);
        let before = load(&text);
        for finding in report(&before).findings.iter().filter(|finding| finding.fix != Fix::None) {
            let context = || format!("seed {seed}: {}\n{text}", finding.diagnostic);
            let after = load(&apply(&text, &finding.diagnostic.patch).expect("edits of this text"));
            let about = finding.object.as_ref();
            // Some edits move a policy to another namespace: that one is new.
            let may = |id: &NamespacedName| {
                about.is_some_and(|o| o.name == id.name && o.namespace == id.namespace)
                    || !before.world.policies.contains_key(id)
            };
            assert!(differing(&before.world, &after.world).into_iter().all(may), "{}", context());
            assert!(before.world.pods.keys().eq(after.world.pods.keys()), "{}", context());
            let same = SAME.contains(&finding.rule.code) && finding.fix == Fix::Safe;
            assert!(!same || equal(&before.world, &after.world), "{}", context());
            made[usize::from(finding.fix == Fix::Safe)] += 1;
        }
    }
    assert!(made.iter().all(|made| *made > 60), "suggested, safe: {made:?}");
}

/// Edits are made together, and again as long as there are any.
#[test]
fn fixing_ends_and_changes_no_verdict() {
    let (mut offered, mut fixed) = (0, 0);
    for seed in 0..SEEDS {
        let start = text(seed);
        let mut now = start.clone();
        let wanted = |finding: &&Finding| SAME.contains(&finding.rule.code);
        for round in 0.. {
            let loaded = load(&now);
            let found = report(&loaded);
            offered += found.findings.iter().filter(wanted).count();
            let made = fix(found.findings.iter().filter(wanted), |fix| fix == Fix::Safe, &loaded.sources);
            let Some(file) = made.into_iter().next() else { break };
            fixed += file.mended;
            now = file.text;
            assert!(round < 10, "seed {seed} is never mended\n{start}\nnow\n{now}");
        }
        assert!(equal(&load(&start).world, &load(&now).world), "seed {seed}\n{start}\nmended\n{now}");
    }
    assert!(fixed * 10 > offered * 5, "of {offered} findings {fixed} could be mended");
}
