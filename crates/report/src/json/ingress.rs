//! The way through an Ingress, for programs.

use podfence_analysis::{IngressAnswer, IngressRoute};
use serde::Serialize;

use super::path::PathView;
use super::question::{BackendView, EndView, backend};
use super::{Document, ExplanationView, answer_view};
use crate::words;

#[derive(Serialize)]
struct IngressView {
    verdict: &'static str,
    source: EndView,
    namespace: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    controllers: Vec<String>,
    entries: Vec<ExplanationView>,
    routes: Vec<RouteView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RouteView {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    service: String,
    service_port: String,
    backends: Vec<BackendView>,
    isolated_by: Vec<String>,
    paths: Vec<PathView>,
}

/// An answer about an Ingress as JSON.
pub fn ingress(answer: &IngressAnswer<'_>) -> String {
    let id = &answer.ingress.meta.id;
    let view = IngressView {
        verdict: words::verdict(&answer.verdict),
        source: EndView::new(&answer.source),
        namespace: id.namespace.clone(),
        name: id.name.clone(),
        class: answer.ingress.class.clone(),
        path: answer.path.clone(),
        controllers: answer.controllers.iter().map(ToString::to_string).collect(),
        entries: answer.entries.iter().map(answer_view).collect(),
        routes: answer.routes.iter().map(|one| route(answer, one)).collect(),
    };
    Document::new("explain-ingress-v1", view).text()
}

fn route(answer: &IngressAnswer<'_>, route: &IngressRoute<'_>) -> RouteView {
    RouteView {
        verdict: words::verdict(&route.verdict()),
        host: route.rule.host.clone(),
        path: route.rule.path.clone(),
        service: route.rule.service.clone(),
        service_port: words::target_port(&route.rule.port),
        backends: route.backends.iter().map(backend).collect(),
        isolated_by: route.isolating.iter().map(ToString::to_string).collect(),
        paths: route.paths.iter().map(|path| PathView::new(answer.world, path)).collect(),
    }
}
