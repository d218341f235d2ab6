//! Plays guides: `docs/tour.md` and `docs/lint.md`, as a reader would who types what they say.
//!
//! All `console` blocks of a guide are one session in one directory. It begins with what is in the folder of the guide's name, if
//! there is one (`docs/tour/`), and with each ```` ```yaml NAME ```` block above. Lines that begin with `$ ` go to `sh`; below
//! them stands what they write, standard error included, and `[exit N]` unless N is 0.
//! Pictures in the folder must be those that the session has drawn. `PODFENCE_BLESS` rewrites guides as it does cases (`cases.rs`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

const GUIDES: [&str; 2] = ["tour", "lint"];

fn main() {
    let arguments = Arguments::from_args();
    let trials = GUIDES.map(|name| Trial::test(name, move || check(name))).into();
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(name: &str) -> Result<(), Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name).with_extension("md");
    let stated = fs::read_to_string(&path)?;
    let session = Session::new(&path)?;
    let played = session.play(&stated)?;
    let asked = std::env::var("PODFENCE_BLESS");
    if asked.is_ok_and(|part| part == "1" || path.to_string_lossy().contains(&part)) {
        fs::write(&path, played)?;
        return session
            .pictures(&path.with_extension(""), |drawn, shown| Ok(fs::copy(drawn, shown).map(drop)?));
    }
    if played != stated {
        return Err(difference(name, &stated, &played).into());
    }
    session.pictures(&path.with_extension(""), same)
}

/// Whether a picture that a guide shows is what its commands draw.
fn same(drawn: &Path, shown: &Path) -> Result<(), Failed> {
    if fs::read(drawn)? == fs::read(shown)? {
        return Ok(());
    }
    Err(format!("{} is not what the guide draws; look at what PODFENCE_BLESS makes of it", shown.display())
        .into())
}

/// Where two texts part.
fn difference(name: &str, stated: &str, played: &str) -> String {
    let same = stated.lines().zip(played.lines()).take_while(|(one, other)| one == other).count();
    let from = |text: &str| text.lines().skip(same).take(12).collect::<Vec<_>>().join("\n");
    let line = same + 1;
    format!("docs/{name}.md:{line}\n--- stated\n{}\n--- came out\n{}", from(stated), from(played))
}

/// The directory that a guide is played in, removed at the end.
struct Session(PathBuf);

impl Session {
    fn new(guide: &Path) -> std::io::Result<Self> {
        let name = guide.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let path = std::env::temp_dir().join(format!("podfence-guide-{name}-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        let session = Self(path);
        let given = guide.with_extension("");
        if given.is_dir() {
            copy(&given, &session.0)?;
        }
        Ok(session)
    }

    /// The document with what its commands really write.
    fn play(&self, text: &str) -> Result<String, Failed> {
        let mut played = String::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            played = played + line + "\n";
            let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if info == "console" {
                for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    played = played + "$ " + command + "\n" + &self.run(command)?;
                }
            } else {
                let body: String = block.iter().flat_map(|line| [*line, "\n"]).collect();
                if let Some((_, name)) = info.split_once(' ') {
                    fs::write(self.0.join(name), &body)?;
                }
                played += &body;
            }
            played += "```\n";
        }
        Ok(played)
    }

    /// Does something with each picture in the folder of the guide and the one of that name that the session has drawn.
    fn pictures(
        &self,
        folder: &Path,
        each: impl Fn(&Path, &Path) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
        for shown in entries {
            let shown = shown?.path();
            if shown.extension().is_some_and(|extension| extension == "svg") {
                let drawn = self.0.join(shown.file_name().unwrap_or_default());
                each(&drawn, &shown)?;
            }
        }
        Ok(())
    }

    fn run(&self, command: &str) -> Result<String, Failed> {
        let programs = Path::new(env!("CARGO_BIN_EXE_podfence")).parent().ok_or("a directory of programs")?;
        let path = std::env::var("PATH").unwrap_or_default();
        let output = Command::new("sh")
            .args(["-c", &format!("exec 2>&1\n{command}")])
            .current_dir(&self.0)
            .env("PATH", format!("{}:{path}", programs.display()))
            .env_remove("CLICOLOR_FORCE")
            .stdin(Stdio::null())
            .output()?;
        let written: String =
            String::from_utf8(output.stdout)?.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
        match output.status.code() {
            Some(0) => Ok(written),
            Some(code) => Ok(format!("{written}[exit {code}]\n")),
            None => Err(format!("`{command}` ended by a signal").into()),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Copies the manifests of a directory and of those below it.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.path().extension().is_some_and(|extension| extension == "yaml") {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
