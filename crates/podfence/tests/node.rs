//! The verbs for a node, as programs: `doctor`, and the CNI plugin called by its name.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use podfence_testkit::schemas;

const NOWHERE: &str = "/nowhere/agent.sock";

fn doctor(more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_podfence"));
    command.args(["doctor", "--socket", NOWHERE]).args(more).output().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn doctor_says_what_each_thing_means() {
    let output = doctor(&[]);
    let said = text(&output.stdout);
    let fails = said.lines().any(|line| line.starts_with("FAILS"));
    assert_eq!(output.status.code(), Some(i32::from(fails)), "{said}{}", text(&output.stderr));
    assert!(said.lines().all(|line| line.chars().count() <= 100), "{said}");
    for topic in ["capabilities", "clock", "forwarding", "connections", "other rules", "agent", "lab"] {
        assert!(
            said.lines().any(|line| line.get(9..).is_some_and(|rest| rest.starts_with(topic))),
            "{topic}: {said}"
        );
    }
    assert!(said.contains("none answers at /nowhere/agent.sock"), "{said}");
}

#[test]
fn doctor_fits_its_schema_and_the_kernel_can_what_the_lab_needs() {
    let said = text(&doctor(&["-o", "json"]).stdout);
    assert_eq!(schemas::check(&said).as_deref(), Ok("doctor-v1"), "{said}");
    let document: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let checks = document["checks"].as_array().expect("a list");
    let level =
        |topic: &str| checks.iter().find(|check| check["topic"] == topic).map(|check| &check["level"]);
    if level("lab") == Some(&"ok".into()) {
        assert_eq!(level("nf_tables"), Some(&"ok".into()), "the kernel tests need the same: {said}");
        assert_eq!(level("nf_tables bridge"), Some(&"ok".into()), "{said}");
    }
}

#[test]
fn by_its_name_it_is_a_plugin() {
    let directory = std::env::temp_dir().join(format!("podfence-cni-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a temporary directory");
    let plugin = directory.join("podfence-cni");
    let place = |flag: &str| {
        let mut podfence = Command::new(env!("CARGO_BIN_EXE_podfence"));
        assert!(podfence.args(["cni", flag]).arg(&directory).status().expect("it runs").success());
    };
    place("--install");
    let run = |command: &str, input: &str| {
        let mut plugin = Command::new(&plugin);
        plugin.env("CNI_COMMAND", command).env_remove("CNI_ARGS");
        let mut child = plugin.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
        child.wait_with_output().expect("it ends")
    };
    let version = run("VERSION", r#"{"cniVersion":"1.1.0"}"#);
    assert_eq!(
        text(&version.stdout),
        "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"1.0.0\",\"1.1.0\"]}\n"
    );
    let status =
        run("STATUS", &format!(r#"{{"cniVersion":"1.1.0","name":"n","type":"t","socket":"{NOWHERE}"}}"#));
    assert_eq!(status.status.code(), Some(1));
    let said: serde_json::Value = serde_json::from_slice(&status.stdout).expect("JSON");
    assert_eq!(said["code"], 50, "{said}");
    place("--remove");
    fs::remove_dir(&directory).expect("nothing is left in it");
}

#[test]
fn whoever_asks_the_agent_finds_its_socket_by_its_settings() {
    let directory = std::env::temp_dir().join(format!("podfence-asks-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a temporary directory");
    let file = directory.join("config.yaml");
    fs::write(&file, "resync: 1s\nsocket: /nowhere/of-file.sock\n").expect("a file");
    let verbs: [&[&str]; 6] = [
        &["status"],
        &["flows"],
        &["explain", "--live", "shop/web", "shop/db:80"],
        &["agent", "--dump"],
        &["agent", "--profile", "1"],
        &["agent", "--set-log-level", "debug"],
    ];
    for verb in verbs {
        let said = |variables: &[(&str, &str)], more: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_podfence"));
            command.args(verb).args(more).env_remove("PODFENCE_SOCKET").env("PODFENCE_CONFIG", &file);
            let output = command.envs(variables.iter().copied()).output().expect("it runs");
            assert_eq!(output.status.code(), Some(2), "{verb:?}");
            text(&output.stderr)
        };
        let by_file = said(&[], &[]);
        assert!(
            by_file.contains("at /nowhere/of-file.sock") && by_file.contains("config.yaml:2"),
            "{by_file}"
        );
        let by_variable = said(&[("PODFENCE_SOCKET", "/nowhere/e.sock")], &[]);
        assert!(
            by_variable.contains("at /nowhere/e.sock") && by_variable.contains("PODFENCE_SOCKET"),
            "{by_variable}"
        );
        let by_flag = said(&[("PODFENCE_SOCKET", "/nowhere/e.sock")], &["--socket", NOWHERE]);
        assert!(by_flag.contains("at /nowhere/agent.sock") && by_flag.contains("flag --socket"), "{by_flag}");
    }
    fs::remove_dir_all(directory).expect("it was ours");
}

#[test]
fn a_time_with_a_unit_is_told_to_be_without() {
    let mut agent = Command::new(env!("CARGO_BIN_EXE_podfence"));
    let output = agent.args(["agent", "--profile", "10s"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("write whole seconds without a unit, such as 10"), "{said}");
}
