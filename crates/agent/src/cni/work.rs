//! The commands: ADD, CHECK, DEL, GC, STATUS, VERSION.
//!
//! What ADD promises: when it returns without an error, the agent checks what the pod sends against its link, and, if the
//! agent knows the pod's object, the pod's policies are in force for its addresses. A pod whose object the agent does not know
//! yet stays closed as an unknown pod, until it does.

use serde_json::{Value, json};

use super::config::{Config, Environment, OnTimeout, VERSIONS};
use super::error::CniError;
use super::host_end;
use crate::links::Plugged;
use crate::local::{Answer, Client, ClientError, Request};
use crate::status::Status;

/// What to write on standard output, and how to end.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// JSON, where there is something to say.
    pub output: Option<Value>,
    /// What to tell people on standard error.
    pub warning: Option<String>,
    /// Whether it did what it was asked.
    pub good: bool,
}

/// Does what the environment says with the configuration that was read from standard input.
pub fn answer(environment: impl Iterator<Item = (String, String)>, input: &str) -> Answered {
    match command(&Environment::new(environment), input) {
        Ok((output, warning)) => Answered { output, warning, good: true },
        Err(error) => {
            let written = serde_json::from_str::<Value>(input).unwrap_or_default();
            let version = written["cniVersion"].as_str().filter(|version| VERSIONS.contains(version));
            let output = Some(error.json(version.unwrap_or(VERSIONS[1])));
            Answered { output, warning: None, good: false }
        }
    }
}

type Done = Result<(Option<Value>, Option<String>), CniError>;

fn command(environment: &Environment, input: &str) -> Done {
    let command = environment.get("CNI_COMMAND")?;
    if command == "VERSION" {
        return Ok((Some(versions(input)), None));
    }
    let config = Config::read(input)?;
    match command {
        "ADD" => add(environment, &config),
        "CHECK" => check(environment, &config).map(|()| (None, None)),
        "DEL" => Ok((None, delete(environment, &config))),
        "GC" => collect(&config),
        "STATUS" => ready(&config).map(|_| (None, None)),
        other => Err(CniError::Environment(format!("CNI_COMMAND {other:?} is none of the specification's"))),
    }
}

fn versions(input: &str) -> Value {
    let asked = serde_json::from_str::<Value>(input).unwrap_or_default();
    let asked = asked["cniVersion"].as_str().filter(|asked| VERSIONS.contains(asked)).unwrap_or(VERSIONS[1]);
    json!({ "cniVersion": asked, "supportedVersions": VERSIONS })
}

fn add(environment: &Environment, config: &Config) -> Done {
    let (pod, container) = (environment.pod()?, environment.get("CNI_CONTAINERID")?.to_owned());
    let previous = config.previous()?;
    let addresses = previous.addresses()?;
    let link = host_end::find(&previous.on_host(), &addresses)?;
    let network = config.name.clone();
    let plugged = Plugged { pod: pod.clone(), link, container: Some(container), addresses, network };
    match ask(config, &plugged.into()) {
        Ok(_) => Ok((config.prev_result.clone(), None)),
        Err(error) if config.on_timeout == OnTimeout::Go => {
            let warning = format!("podfence-cni: {pod} starts before it is programmed: {error}");
            Ok((config.prev_result.clone(), Some(warning)))
        }
        Err(error) => Err(CniError::Late(error)),
    }
}

/// The link is there as it was, the agent enforces, and it knows the link.
fn check(environment: &Environment, config: &Config) -> Result<(), CniError> {
    let pod = environment.pod()?;
    let previous = config.previous()?;
    host_end::find(&previous.on_host(), &previous.addresses()?)?;
    let status = ready(config)?;
    if status.unlinked.contains(&pod.to_string()) {
        return Err(CniError::Link(format!("the agent does not know the link of {pod}")));
    }
    Ok(())
}

/// Never fails: of an agent that is away, GC tells the next one.
fn delete(environment: &Environment, config: &Config) -> Option<String> {
    let pod = environment.pod().ok()?;
    let container = environment.get("CNI_CONTAINERID").ok().map(ToOwned::to_owned);
    let network = config.name.clone();
    let unplug = Request::Unplug { namespace: pod.namespace, pod: pod.name, container, network };
    ask(config, &unplug).err().map(|error| format!("podfence-cni: the agent was not told: {error}"))
}

fn collect(config: &Config) -> Done {
    let missing = "no cni.dev/valid-attachments: GC would forget every pod";
    let attachments = config.attachments.as_ref().ok_or_else(|| CniError::Config(missing.into()))?;
    let containers = attachments.iter().map(|attachment| attachment.container.clone()).collect();
    ask(config, &Request::Retain { containers, network: config.name.clone() }).map_err(CniError::Late)?;
    Ok((None, None))
}

fn ready(config: &Config) -> Result<Status, CniError> {
    match ask(config, &Request::Status) {
        Ok(Answer::Status(status)) if status.ready => Ok(*status),
        Ok(_) => Err(CniError::NotReady("the agent of this node is not ready".into())),
        Err(error) => Err(CniError::NotReady(error.to_string())),
    }
}

fn ask(config: &Config, request: &Request) -> Result<Answer, ClientError> {
    Client::open_within(&config.socket, config.timeout())?.ask(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str =
        r#"{"cniVersion":"1.0.0","name":"n","type":"podfence-cni","socket":"/nowhere/agent.sock","#;

    fn asked(command: &str, arguments: &str, rest: &str) -> Answered {
        let variables = [("CNI_COMMAND", command), ("CNI_ARGS", arguments), ("CNI_CONTAINERID", "c1")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        answer(variables.into_iter(), &format!("{CONFIG}{rest}}}"))
    }

    fn fails(asked: &Answered, code: u32, words: &str) {
        let Answered { output: Some(output), good: false, .. } = asked else { panic!("{asked:?}") };
        assert_eq!((&output["cniVersion"], &output["code"]), (&json!("1.0.0"), &json!(code)), "{output}");
        assert!(output["msg"].as_str().is_some_and(|msg| msg.contains(words)), "{output}");
        assert!(output["details"].is_string(), "{output}");
    }

    const POD: &str = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web";

    #[test]
    fn errors_have_the_codes_of_the_specification() {
        fails(&asked("ADD", "", r#""prevResult":{}"#), 4, "K8S_POD_NAMESPACE");
        fails(&asked("", POD, r#""x":1"#), 4, "CNI_COMMAND");
        fails(&asked("DO", POD, r#""x":1"#), 4, "none of the specification's");
        fails(&asked("ADD", POD, r#""x":1"#), 7, "prevResult");
        fails(&asked("ADD", POD, r#""prevResult":{"ips":[{"address":"pear"}]}"#), 7, "pear");
        fails(&asked("ADD", POD, r#""onTimeout":"wait""#), 6, "expected `fail` or `go`");
        fails(&asked("ADD", POD, r#""prevResult":{"interfaces":[{"name":"nosuch0"}]}"#), 100, "nosuch0");
        fails(&asked("STATUS", "", r#""x":1"#), 50, "no agent answers");
        fails(&asked("GC", "", r#""x":1"#), 7, "valid-attachments");
        fails(&asked("GC", "", r#""cni.dev/valid-attachments":[]"#), 11, "no agent answers");
    }

    #[test]
    fn what_is_gone_is_gone_and_versions_are_told() {
        assert!(asked("DEL", POD, r#""x":1"#).good, "an agent that is away");
        assert!(asked("DEL", "", r#""x":1"#).good, "a pod that nobody names");
        let versions = asked("VERSION", "", r#""x":1"#);
        let expected = json!({ "cniVersion": "1.0.0", "supportedVersions": ["1.0.0", "1.1.0"] });
        assert_eq!(versions.output, Some(expected));
        let old = r#"{"cniVersion":"0.3.1","name":"n","type":"podfence-cni"}"#;
        let variables = std::iter::once(("CNI_COMMAND".to_owned(), "ADD".to_owned()));
        let refused = answer(variables, old).output.unwrap_or_default();
        assert_eq!((&refused["code"], &refused["cniVersion"]), (&json!(1), &json!("1.1.0")));
    }
}
