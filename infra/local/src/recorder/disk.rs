//! What survives a kill: one file pair for each mail, one line for each event, on disk before the answer.

use super::{Mail, RecordedEvent};
use anyhow::Context;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder a recorder keeps.
pub(super) struct Disk {
    mails: PathBuf,
    events: PathBuf,
}

impl Disk {
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let mails = folder.join("mail");
        fs::create_dir_all(&mails).with_context(|| format!("making {}", mails.display()))?;
        Ok(Self { mails, events: folder.join("events.jsonl") })
    }

    /// The mails in the order of their numbers. A mail is there when its `.json` is.
    pub(super) fn mails(&self) -> anyhow::Result<Vec<Mail>> {
        let mut mails = Vec::new();
        loop {
            let number = mails.len() + 1;
            let facts = self.mails.join(format!("{number}.json"));
            if !facts.exists() {
                return Ok(mails);
            }
            let reading = || format!("reading {}", facts.display());
            let mut mail: Mail = serde_json::from_slice(&fs::read(&facts).with_context(reading)?).with_context(reading)?;
            mail.raw = fs::read(self.mails.join(format!("{number}.eml"))).with_context(reading)?;
            mails.push(mail);
        }
    }

    /// The events in order. A last line that was cut off was never answered and is dropped.
    pub(super) fn events(&self) -> anyhow::Result<Vec<RecordedEvent>> {
        let reading = || format!("reading {}", self.events.display());
        if !self.events.exists() {
            return Ok(Vec::new());
        }
        let text = fs::read(&self.events).with_context(reading)?;
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        if whole < text.len() {
            let length = u64::try_from(whole).with_context(reading)?;
            OpenOptions::new().write(true).open(&self.events).and_then(|file| file.set_len(length)).with_context(reading)?;
        }
        let lines = text[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).with_context(reading)).collect()
    }

    pub(super) fn keep_mail(&self, number: usize, mail: &Mail) -> anyhow::Result<()> {
        self.replace(&format!("{number}.eml"), &mail.raw)?;
        self.replace(&format!("{number}.json"), &serde_json::to_vec_pretty(mail)?)
    }

    /// All of them with one write.
    pub(super) fn keep_events(&self, events: &[RecordedEvent]) -> anyhow::Result<()> {
        let mut lines = Vec::new();
        for event in events {
            serde_json::to_writer(&mut lines, event)?;
            lines.push(b'\n');
        }
        let mut file = OpenOptions::new().create(true).append(true).open(&self.events)?;
        file.write_all(&lines)?;
        file.sync_all()?;
        Ok(())
    }

    fn replace(&self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        let temporary = self.mails.join(format!("{name}.tmp"));
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, self.mails.join(name))?;
        File::open(&self.mails)?.sync_all()?;
        Ok(())
    }
}
