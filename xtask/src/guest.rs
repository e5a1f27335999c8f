//! What there is to see of the demo's machine itself.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use cyclades_bed::Bed;
use cyclades_control_plane::Progress as _;

use crate::console::Console;

/// Under software emulation the guest's own first line comes about 3 s after its start.
const GREETING_LIMIT: Duration = Duration::from_secs(60);
const GREETING_POLL: Duration = Duration::from_millis(100);

/// What the guest says when it is up.
const GREETING: &str = "cyclades guest up";

/// How much of the console is shown.
const LINES_SHOWN: usize = 4;

/// The Ganeti instance behind vm/web.
pub async fn instance(bed: &Bed) -> anyhow::Result<String> {
    let name = bed.kubectl(&["get", "vm/web", "-o", "jsonpath={.status.instanceName}"]).await?;
    Ok(name.trim().to_owned())
}

/// The first lines of the guest's console, if it has one: guests of the simulator do not really run.
pub async fn greet(bed: &Bed, console: &Console) -> anyhow::Result<()> {
    let instance = instance(bed).await?;
    let Some(lab) = bed.cluster(1)?.lab() else {
        console.result("\nThe simulator has no guests, so there is no console to show.");
        return Ok(());
    };
    console.step("waiting for the guest's first words", "it boots under software emulation");
    let log = lab.console_log(&instance);
    let text = greeting(&log).await.with_context(|| format!("the console is {}", log.display()))?;
    console.result(&format!("\nThe guest's console ({}):", log.display()));
    text.iter().for_each(|line| console.result(&format!("  {line}")));
    Ok(())
}

/// The lines up to the greeting, of which the last few.
async fn greeting(log: &Path) -> anyhow::Result<Vec<String>> {
    let deadline = Instant::now() + GREETING_LIMIT;
    loop {
        let text = tokio::fs::read(log).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        if let Some(lines) = up_to_greeting(&text) {
            return Ok(lines);
        }
        if Instant::now() >= deadline {
            let last = text.lines().last().unwrap_or("nothing");
            anyhow::bail!(
                "the guest did not greet within {} s; its last line: {last}",
                GREETING_LIMIT.as_secs()
            );
        }
        tokio::time::sleep(GREETING_POLL).await;
    }
}

fn up_to_greeting(text: &str) -> Option<Vec<String>> {
    let whole = &text[..text.rfind('\n')?];
    let lines: Vec<&str> = whole.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let end = lines.iter().position(|line| line.contains(GREETING))? + 1;
    let begin = end.saturating_sub(LINES_SHOWN);
    Some(lines[begin..end].iter().map(|line| (*line).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_came_before_the_greeting_and_waits_for_its_whole_line() {
        let text = "a\r\n\r\nb\nc\nd\ncyclades guest up: boot=1\nlater\n";
        assert_eq!(up_to_greeting(text).unwrap(), ["b", "c", "d", "cyclades guest up: boot=1"]);
        assert_eq!(up_to_greeting("a\ncyclades guest up: bo"), None);
    }
}
