//! The page of `graph` in a real browser: `browser/page.mjs` opens it in a headless Chromium, clicks, and reads.
//!
//! Needs Chromium, Node and the driver: `bash scripts/browser` gets what is missing. Where something is, the test says so and
//! is skipped, except in CI.

use std::path::{Path, PathBuf};
use std::process::Command;

use podfence_analysis::graph::{Choice, Graph};
use podfence_engine::Engine;
use podfence_model::{Addresses, Namespace, NamespacedName, Protocol, World};
use podfence_source::SourceMap;
use podfence_testkit::build::{self, Put};
use podfence_testkit::sandboxed;

/// Names of the browser, the usual one of each system first.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser")
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// The browser, or what is missing.
fn browser() -> Result<PathBuf, &'static str> {
    in_path("node").ok_or("Node is not installed")?;
    if !folder().join("node_modules/playwright-core").is_dir() {
        return Err("the driver is not installed");
    }
    BROWSERS.iter().find_map(|name| in_path(name)).ok_or("Chromium is not installed")
}

/// Pods, a namespace and policies with names that no API server takes and no page may run.
fn hostile() -> World {
    let names = [
        "</script><script>window.hacked='a'</script>",
        "<img src=x onerror=window.hacked='b'>",
        "\"><svg onload=window.hacked='c'><!--",
        "@DATA@ ${window.hacked='d'} \u{2028} ]]> é",
    ];
    let mut world = World::default();
    for namespace in ["<b>shop</b>", "'\"&amp;\\u003c"] {
        world.put(Namespace::implied(namespace));
        for (index, name) in names.iter().enumerate() {
            let mut pod = build::pod("shop/pod", "node", &[], &[("app", if index == 0 { "a" } else { "b" })]);
            pod.meta.id = NamespacedName::new(namespace, *name);
            pod.addresses = Addresses::Unstated;
            pod.ports = vec![build::serves("</script>", Protocol::Tcp, 80)].into();
            world.put(pod);
        }
        let peer = build::own(build::select(&[build::eq("app", "a")]));
        let mut policy =
            build::ingress("shop/policy", build::everything(), vec![build::rule(vec![peer], Vec::new())]);
        policy.meta.id = NamespacedName::new(namespace, "</script><b>policy</b>");
        world.put(policy);
    }
    world
}

fn hostile_page() -> String {
    let world = hostile();
    let engine = Engine::new(&world);
    let graph = Graph::new(&world, &engine, &Choice::default()).expect("a small graph");
    podfence_report::graph::html(&world, &engine, &graph, &SourceMap::default())
}

fn shop_page() -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podfence"));
    let output =
        command.args(["graph", "-f", "shop.yaml"]).current_dir(folder()).output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn the_page_works_in_a_browser() {
    let browser = match browser() {
        Ok(browser) => browser,
        Err(missing) => {
            assert!(!sandboxed::in_ci(), "{missing}: run `bash scripts/browser`");
            eprintln!("skipped: {missing}; `bash scripts/browser` gets what the test needs");
            return;
        }
    };
    let place = std::env::temp_dir().join(format!("podfence-browser-{}", std::process::id()));
    std::fs::create_dir_all(&place).expect("a temporary directory");
    let (shop, evil) = (place.join("shop.html"), place.join("hostile.html"));
    std::fs::write(&shop, shop_page()).expect("a file");
    std::fs::write(&evil, hostile_page()).expect("a file");
    let output = Command::new("node").arg(folder().join("page.mjs")).args([&browser, &shop, &evil]).output();
    let _ = std::fs::remove_dir_all(&place);
    let output = output.expect("Node runs");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
}
