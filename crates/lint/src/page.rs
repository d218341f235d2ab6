//! A rule's page: the opening comment of its file, as Markdown, with the examples in it.
//!
//! Fenced blocks that begin with ```` ```yaml ```` and one more word are examples: `fires` (the rule reports this), `silent` (it
//! does not), `fixed` (the `fires` block above it after `--fix`, or after making the edits shown), `cluster` (facts about the
//! cluster for the blocks of the same section, below it). A ```` ```text ```` block below a `fires` block is what the rule says of it.

/// A rule's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its heading.
    pub title: String,
    /// All below the heading.
    pub body: String,
}

/// One fenced block of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// What stands behind the fence: `yaml fires`.
    pub info: String,
    /// The heading of the section it stands in.
    pub section: String,
    /// The lines in the block.
    pub text: String,
}

impl Page {
    /// The page in the text of a rule's file.
    pub fn of(file: &str) -> Self {
        let lines = file.lines().map_while(|line| line.strip_prefix("//!"));
        let text: String = lines.flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"]).collect();
        let (heading, body) = text.split_once('\n').unwrap_or((&text, ""));
        Self { title: heading.trim_start_matches("# ").to_owned(), body: body.trim().to_owned() }
    }

    /// The first paragraph.
    pub fn summary(&self) -> String {
        let first = self.body.split("\n\n").find(|part| !part.starts_with('#')).unwrap_or_default();
        first.replace('\n', " ")
    }

    /// All fenced blocks, in order.
    pub fn examples(&self) -> Vec<Example> {
        let (mut examples, mut section, mut open) = (Vec::new(), String::new(), None::<Example>);
        for line in self.body.lines() {
            match (&mut open, line.strip_prefix("```")) {
                (Some(_), Some(_)) => examples.extend(open.take()),
                (Some(example), None) => example.text.extend([line, "\n"]),
                (None, Some(info)) => {
                    open = Some(Example {
                        info: info.to_owned(),
                        section: section.clone(),
                        text: String::new(),
                    });
                }
                (None, None) => {
                    if let Some(heading) = line.strip_prefix("## ") {
                        heading.clone_into(&mut section);
                    }
                }
            }
        }
        examples
    }

    /// The body for readers: fences say `yaml` only.
    pub fn markdown(&self) -> String {
        let line = |line: &str| {
            let fence = line.strip_prefix("```yaml ").map(|_| "```yaml");
            format!("{}\n", fence.unwrap_or(line))
        };
        self.body.lines().map(line).collect()
    }
}
