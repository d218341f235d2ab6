//! What lies beside manifests: templates of charts, and files of other programs. Both are passed over and told of together,
//! so that what matters stays in sight. What a document is, is found out in `kinds`.

use std::sync::Arc;

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::input::Text;

/// What makes a directory a Helm chart.
const CHART: &str = "Chart.yaml";

/// Files without a Kubernetes object that are told of one by one.
const FEW: usize = 3;

/// What makes manifests of a kustomization.
const KUSTOMIZE: &str = "render what kustomize builds: `kubectl kustomize DIR | podfence … -f -`";

/// Takes out the templates of Helm charts: files below `templates/`, beside a `Chart.yaml`, that hold `{{`. They are no
/// manifests until they are rendered. A file that is given without its chart stays.
pub(crate) fn without_templates(texts: &mut Vec<Text>, found: &mut Vec<Diagnostic>) {
    let names: Vec<Arc<str>> = texts.iter().map(|text| Arc::clone(&text.name)).collect();
    for chart in names.iter().filter_map(|name| name.strip_suffix(CHART)) {
        let folder = format!("{chart}templates/");
        let all = texts.len();
        texts.retain(|Text { name, text }| !(name.starts_with(&folder) && text.contains("{{")));
        let templates = all - texts.len();
        if templates > 0 {
            let chart = if chart.is_empty() { "." } else { chart.trim_end_matches('/') };
            let files =
                if templates == 1 { "1 template".to_owned() } else { format!("{templates} templates") };
            let message = format!("skipped: {files} of the Helm chart {chart}");
            let help = format!("render it: `helm template {chart} | podfence … -f -`");
            found.push(Code::UnrenderedTemplate.note(message).help(help));
        }
    }
}

/// Makes one note of those about files that hold no Kubernetes object, where there are many.
pub(crate) fn folded(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut files: Vec<Arc<str>> = found.iter().filter_map(file_aside).collect();
    files.dedup();
    if files.len() <= FEW {
        return found;
    }
    let kustomize = found.iter().any(|one| file_aside(one).is_some() && one.help.is_some());
    let more = files.len() - FEW;
    let message = format!(
        "skipped: what is no Kubernetes object, in {} files: {} and {more} more",
        files.len(),
        files[..FEW].join(", ")
    );
    found.retain(|one| file_aside(one).is_none());
    let note = Code::NotKubernetes.note(message);
    found.insert(0, if kustomize { note.help(KUSTOMIZE) } else { note });
    found
}

/// The file that such a note is about.
fn file_aside(one: &Diagnostic) -> Option<Arc<str>> {
    let label = one.labels.first().filter(|_| one.code == Code::NotKubernetes.word());
    label.map(|label| Arc::clone(&label.place.file))
}
