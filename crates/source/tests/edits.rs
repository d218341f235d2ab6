//! Edits of manifests keep everything that they are not about, and refuse what they cannot do surely.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its own input must stop")]

use podfence_model::Origin;
use podfence_source::{Edit, Input, Loaded, Options, Outlines, View, apply, read};

const POLICY: &str = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector:
    matchLabels:
      app: \"web\" # whom
  ingress:
    # the only rule
    - from:
        - podSelector: {matchLabels: {app: client}}
      ports:
        - port: 80

  egress:
";

/// Reads one policy, has it edited, and returns the text that comes of it; `None` where there is no edit.
fn edited(text: &str, edit: impl Fn(View<'_, '_>) -> Option<Edit>) -> Option<String> {
    let input = Input::Bytes { name: "policy.yaml".into(), bytes: text.into() };
    let loaded = read(&[input], &Options::default()).unwrap();
    let policy = loaded.world.policies.values().next().unwrap();
    let Origin::File(place) = &policy.meta.origin else { panic!("read from a file") };
    let outlines = Outlines::new(&loaded.sources);
    let edit = edit(outlines.at(place).unwrap())?;
    Some(apply(text, [&edit]).unwrap())
}

#[test]
fn a_scalar_keeps_its_quotes_and_the_comment_behind_it() {
    let change = edited(POLICY, |policy| {
        policy.get(&["spec", "podSelector", "matchLabels", "app"])?.replace_scalar("shop-web")
    });
    assert_eq!(change.unwrap(), POLICY.replace("\"web\"", "\"shop-web\""));
}

#[test]
fn a_field_is_added_in_its_own_lines() {
    let change = edited(POLICY, |policy| policy.get(&["spec"])?.add_field("policyTypes:\n  - Ingress"));
    assert_eq!(change.unwrap(), format!("{POLICY}  policyTypes:\n    - Ingress\n"));
    let open = POLICY.trim_end();
    let change = edited(open, |policy| policy.get(&["spec"])?.add_field("policyTypes: [Ingress]"));
    assert_eq!(change.unwrap(), format!("{open}\n  policyTypes: [Ingress]"));
}

#[test]
fn an_item_is_added_behind_the_last_one() {
    let change = edited(POLICY, |policy| {
        let rule = policy.get(&["spec", "ingress"])?.items().next()?;
        rule.get(&["ports"])?.add_item("port: 53\nprotocol: UDP")
    });
    let wanted = POLICY.replace("- port: 80\n", "- port: 80\n        - port: 53\n          protocol: UDP\n");
    assert_eq!(change.unwrap(), wanted);
}

#[test]
fn a_field_is_taken_out_with_its_lines() {
    let without_ports =
        edited(POLICY, |policy| policy.get(&["spec", "ingress"])?.items().next()?.field("ports")?.remove());
    assert_eq!(without_ports.unwrap(), POLICY.replace("      ports:\n        - port: 80\n", ""));
    let without_from =
        edited(POLICY, |policy| policy.get(&["spec", "ingress"])?.items().next()?.field("from")?.remove());
    let wanted = POLICY.replace(
        "    - from:\n        - podSelector: {matchLabels: {app: client}}\n      ports:",
        "    - ports:",
    );
    assert_eq!(without_from.unwrap(), wanted);
}

#[test]
fn a_field_gets_another_value() {
    let egress = |block: &'static str| {
        edited(POLICY, |policy| policy.get(&["spec"])?.field("egress")?.set(block)).unwrap()
    };
    assert_eq!(egress("[]"), POLICY.replace("egress:", "egress: []"));
    assert_eq!(egress("\n  - {}"), POLICY.replace("egress:", "egress:\n    - {}"));
    let selector = edited(POLICY, |policy| policy.get(&["spec"])?.field("podSelector")?.set("{}"));
    let wanted =
        POLICY.replace("podSelector:\n    matchLabels:\n      app: \"web\" # whom", "podSelector: {} # whom");
    assert_eq!(selector.unwrap(), wanted);
}

#[test]
fn flow_style_and_aliases_are_left_alone() {
    let flow = edited(POLICY, |policy| policy.get(&["metadata"])?.add_field("labels: {}"));
    assert_eq!(flow, None);
    let text = POLICY.replace("matchLabels:\n      app", "matchLabels: &app\n      app");
    let text = text.replace("{matchLabels: {app: client}}", "\n            matchLabels: *app");
    let alias = edited(&text, |policy| {
        let peer = policy.get(&["spec", "ingress"])?.items().next()?.get(&["from"])?.items().next()?;
        peer.get(&["podSelector"])?.field("matchLabels")?.set("{}")
    });
    assert_eq!(alias, None);
}

#[test]
fn what_is_not_written_is_told_from_what_is_empty() {
    let input = Input::Bytes { name: "policy.yaml".into(), bytes: POLICY.into() };
    let loaded = read(&[input], &Options::default()).unwrap();
    let policy = loaded.world.policies.values().next().unwrap();
    let outlines = Outlines::new(&loaded.sources);
    let Origin::File(place) = &policy.meta.origin else { panic!("read from a file") };
    let spec = outlines.at(place).unwrap().get(&["spec"]).unwrap();
    assert!(spec.field("policyTypes").is_none());
    assert!(
        spec.field("egress").is_some_and(|field| field.value.is_null()) && spec.get(&["egress"]).is_none()
    );
    let rule = policy.ingress[0].place.as_ref().unwrap();
    assert_eq!(
        outlines.at(rule).unwrap().fields().map(|field| field.key()).collect::<Vec<_>>(),
        ["from", "ports"]
    );
}

#[test]
fn an_item_of_a_list_that_is_not_indented_is_found() {
    let text = "\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {}
  ingress:
  - from:
    - podSelector: {}
";
    let input = Input::Bytes { name: "policy.yaml".into(), bytes: text.into() };
    let loaded = read(&[input], &Options::default()).unwrap();
    let rule = &loaded.world.policies.values().next().unwrap().ingress[0];
    let outlines = Outlines::new(&loaded.sources);
    for place in [&rule.place, &rule.peers[0].place] {
        let view = outlines.at(place.as_ref().unwrap()).unwrap();
        assert_eq!(view.fields().count(), 1, "{:?}", view.place());
    }
    let change = edited(text, |policy| {
        policy.get(&["spec", "ingress"])?.items().next()?.get(&["from"])?.add_item("namespaceSelector: {}")
    });
    assert_eq!(change.unwrap(), format!("{text}    - namespaceSelector: {{}}\n"));
}

#[test]
fn items_go_out_of_lists_and_into_lists_in_brackets() {
    let flow = POLICY
        .replace("- podSelector: {matchLabels: {app: client}}", "- podSelector: {}")
        .replace("      ports:\n        - port: 80\n", "      ports: [{port: 80}, {port: 81}]\n");
    let ports = |text: &str, edit: &dyn Fn(View<'_, '_>) -> Option<Edit>| {
        edited(text, |policy| {
            let rule = policy.get(&["spec", "ingress"])?.items().next()?;
            edit(rule.get(&["ports"])?)
        })
    };
    let more = ports(&flow, &|list| list.add_flow_item("{port: 82}")).unwrap();
    assert_eq!(more, flow.replace("{port: 81}]", "{port: 81}, {port: 82}]"));
    let first = ports(&flow, &|list| list.remove_item(0)).unwrap();
    assert_eq!(first, flow.replace("[{port: 80}, {port: 81}]", "[{port: 81}]"));
    let last = ports(&flow, &|list| list.remove_item(1)).unwrap();
    assert_eq!(last, flow.replace("[{port: 80}, {port: 81}]", "[{port: 80}]"));
    assert_eq!(ports(POLICY, &|list| list.remove_item(0)), None, "nothing would be left");
    assert_eq!(ports(POLICY, &|list| list.add_flow_item("{port: 82}")), None, "not in brackets");
    let two = POLICY.replace("        - port: 80\n", "        - port: 80 # web\n        - port: 81\n");
    assert_eq!(ports(&two, &|list| list.remove_item(1)).unwrap(), two.replace("        - port: 81\n", ""));
    let without = two.replace("        - port: 80 # web\n", "");
    assert_eq!(ports(&two, &|list| list.remove_item(0)).unwrap(), without);
}

#[test]
fn an_item_without_its_dash_belongs_to_the_one_before() {
    let two = POLICY.replace("      ports:\n", "    - ports: # only these\n");
    let undash = |policy: View<'_, '_>| policy.get(&["spec", "ingress"])?.undash(1);
    assert_eq!(edited(&two, undash).unwrap(), two.replace("- ports", "  ports"));
    let flow = two.replace("- ports: # only these\n        - port: 80\n", "- {ports: [{port: 80}]}\n");
    assert_eq!(edited(&flow, undash), None);
}

/// Two policies, the second of which has its rules from the first.
const SHARED: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: a, namespace: shop}
  spec: &base
    podSelector: {}
    ingress: &rules
    - ports: [{port: 80}, {port: 81}]
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: b}
  spec:
";

fn loaded(text: &str) -> Loaded {
    let options = Options { default_namespace: "other".into(), ..Options::default() };
    read(&[Input::Bytes { name: "list.yaml".into(), bytes: text.into() }], &options).unwrap()
}

/// Whether writing 82 for the first policy's first port makes that, and nothing else, of the policies.
fn makes_82(behind: &str) -> bool {
    let text = format!("{SHARED}{behind}");
    let Loaded { world, sources, .. } = loaded(&text);
    let at = u32::try_from(text.find("80}").unwrap()).unwrap();
    let mut place = world.policies.values().last().unwrap().ingress[0].place.clone().unwrap();
    (place.start, place.end) = (at, at + 2);
    let mut meant = world.clone();
    let policy = meant.policies.values_mut().find(|policy| policy.meta.id.name == "a").unwrap();
    let other = loaded(&text.replace("port: 80", "port: 82")).world;
    policy.ingress = other.policies[&policy.meta.id].ingress.clone();
    sources.makes(&[Edit { place, text: "82".into() }], &meant)
}

#[test]
fn what_edits_make_of_policies_is_read_again() {
    assert!(makes_82("    podSelector: {}\n"));
    assert!(!makes_82("    podSelector: {}\n    ingress: *rules\n"), "the other policy changes, too");
    assert!(!makes_82("    <<: *base\n"), "the other policy changes, too");
}

#[test]
fn an_edit_says_the_line_and_column_where_it_begins() {
    let long = format!("# one\n\n{POLICY}");
    let edits = |policy: View<'_, '_>| {
        let spec = policy.get(&["spec"])?;
        let rule = spec.get(&["ingress"])?.items().next()?;
        let places = [
            spec.add_field("policyTypes: [Ingress]")?,
            spec.field("egress")?.remove()?,
            rule.field("ports")?.remove()?,
            rule.get(&["ports"])?.add_item("port: 53")?,
            rule.field("from")?.remove()?,
            policy.field("metadata")?.remove()?,
        ];
        Some(places.map(|edit| edit.place))
    };
    let input = Input::Bytes { name: "policy.yaml".into(), bytes: long.clone().into() };
    let loaded = read(&[input], &Options::default()).unwrap();
    let Origin::File(place) = &loaded.world.policies.values().next().unwrap().meta.origin else { panic!() };
    for place in edits(Outlines::new(&loaded.sources).at(place).unwrap()).unwrap() {
        let before = &long[..place.start as usize];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        assert_eq!((place.line as usize, place.column as usize), (line, column), "{place:?}");
    }
}

/// The list of ports in a policy written in lines, and what comes of taking out its second item.
fn without_second(items: &str) -> Option<String> {
    let text = POLICY.replace("        - port: 80\n", items);
    edited(&text, |policy| policy.get(&["spec", "ingress"])?.items().next()?.get(&["ports"])?.remove_item(1))
        .map(|after| after.replace(&POLICY[..POLICY.find("        - port: 80").unwrap()], ""))
}

#[test]
fn an_item_goes_with_its_dash_wherever_that_stands() {
    let kept = "        - port: 80\n\n  egress:\n";
    for second in [
        "        - port: 81\n",
        "        - # web\n          port: 81\n",
        "        -\n          port: 81 # - x\n",
        "        -   # - port: 1\n\n    # more\n          port: 81\n",
        "        - {port: 81}\n",
        "        -\n          {port: 81}\n",
    ] {
        let left = without_second(&format!("        - port: 80\n{second}"));
        assert_eq!(left.as_deref(), Some(kept), "{second}");
    }
    // With a name for others, or a type, before it, it is left to its author.
    for second in ["        - &web\n          port: 81\n", "        - !!map\n          port: 81\n"] {
        assert_eq!(without_second(&format!("        - port: 80\n{second}")), None, "{second}");
    }
}

/// Every edit there is, of every value of a text.
fn all_edits(view: View<'_, '_>, edits: &mut Vec<Edit>) {
    edits.extend(view.replace_scalar("other"));
    edits.extend(view.add_field("new: x"));
    edits.extend(view.add_item("new: x"));
    edits.extend(view.add_flow_item("{new: x}"));
    for (index, item) in view.items().enumerate() {
        edits.extend(view.remove_item(index));
        edits.extend(view.undash(index));
        all_edits(item, edits);
    }
    for field in view.fields() {
        edits.extend([field.remove(), field.set("[]"), field.rename("another")].into_iter().flatten());
        all_edits(field.value, edits);
    }
}

#[test]
fn nothing_is_offered_where_a_value_is_written_for_several() {
    for behind in ["    ingress: *rules\n    podSelector: {}\n", "    <<: *base\n    egress: []\n"] {
        let text = format!("{SHARED}{behind}");
        let Loaded { world, sources, .. } = loaded(&text);
        let outlines = Outlines::new(&sources);
        let (from, to) = (
            text.find("podSelector").unwrap(),
            text.find("- apiVersion: networking.k8s.io/v1\n  kind: NetworkPolicy\n  metadata: {name: b}")
                .unwrap(),
        );
        let mut edits = Vec::new();
        for policy in world.policies.values() {
            let Origin::File(place) = &policy.meta.origin else { panic!("read from a file") };
            all_edits(outlines.at(place).unwrap(), &mut edits);
        }
        assert!(edits.len() > 10, "{}", edits.len());
        let shared = if behind.contains("<<") { from } else { text.find("- ports").unwrap() };
        let of_shared = |edit: &&Edit| (shared..to).contains(&(edit.place.start as usize));
        let offered: Vec<&Edit> = edits.iter().filter(of_shared).collect();
        assert!(offered.is_empty(), "{offered:#?}");
    }
}
