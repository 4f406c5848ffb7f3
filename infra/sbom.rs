//! Build script of every function: a release binary names the crates it is made of, for `cargo audit bin` and other scanners.
//!
//! The list is what `cargo tree` says of the function: every crate that is linked in, without procedural macros and what only builds.
//! Format: that of `cargo auditable`, JSON in zlib in an ELF section `.dep-v0`, which is not loaded when the program runs. Source: its
//! `PARSING.md` and `cargo-auditable.schema.json`, read 2026-11-28. The section comes to the linker in an object file that is written
//! here: a Rust static in a section of its own counts as unsafe code, which no crate here may hold.

use std::{
    env,
    error::Error,
    fs,
    io::{self, Write as _},
    path::Path,
    process::Command,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut cargo = io::stdout();
    writeln!(cargo, "cargo::rerun-if-changed=Cargo.toml")?;
    if told("PROFILE")? != "release" || told("CARGO_CFG_TARGET_OS")? != "linux" {
        return Ok(());
    }
    let machine = match told("CARGO_CFG_TARGET_ARCH")?.as_str() {
        "x86_64" => 62,
        "aarch64" => 183,
        other => return Err(format!("no number of ELF is known for {other}").into()),
    };
    let tree = tree()?;
    for folder in tree.lines().filter_map(folder).chain(["../.."]) {
        writeln!(cargo, "cargo::rerun-if-changed={folder}/Cargo.toml")?;
    }
    writeln!(cargo, "cargo::rerun-if-changed=../../Cargo.lock")?;
    let file = Path::new(&told("OUT_DIR")?).join("sbom.o");
    fs::write(&file, object(machine, &zlib(json(&tree)?.as_bytes())?)?)?;
    writeln!(cargo, "cargo::rustc-link-arg-bins={}", file.display())?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by its environment what to do")]
fn told(name: &str) -> Result<String> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}

/// The function and what it is linked from, a crate a line, some more than once: `NAME vVERSION`, and ` (FOLDER)` behind crates of ours.
fn tree() -> Result<String> {
    let (name, target) = (told("CARGO_PKG_NAME")?, told("TARGET")?);
    let shown = Command::new(told("CARGO")?)
        .args(["tree", "--locked", "--package", &name, "--target", &target])
        .args(["--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"])
        .output()?;
    if !shown.status.success() {
        return Err(String::from_utf8_lossy(&shown.stderr).into());
    }
    Ok(String::from_utf8(shown.stdout)?)
}

fn folder(line: &str) -> Option<&str> {
    let (folder, _) = line.split_once(" (")?.1.split_once(')')?;
    // A star stands behind a crate whose own ones are shown elsewhere.
    (folder != "*").then_some(folder)
}

fn json(tree: &str) -> Result<String> {
    let mut packages = Vec::new();
    for line in tree.lines() {
        let (name, rest) = line.split_once(" v").ok_or("cargo tree shows a crate without a version")?;
        let version = rest.split(' ').next().unwrap_or_default();
        let source = if folder(line).is_some() { "local" } else { "crates.io" };
        let root = if packages.is_empty() { r#","root":true"# } else { "" };
        let package = format!(r#"{{"name":"{name}","version":"{version}","source":"{source}"{root}}}"#);
        if !packages.contains(&package) {
            packages.push(package);
        }
    }
    Ok(format!(r#"{{"format":1,"packages":[{}]}}"#, packages.join(",")))
}

/// A zlib stream of stored blocks (RFC 1950, 1951): what is deployed is compressed as a whole.
fn zlib(data: &[u8]) -> Result<Vec<u8>> {
    let mut stream = vec![0x78, 0x01];
    let (mut a, mut b) = (1u32, 0u32);
    let mut blocks = data.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len())?;
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend([length.to_le_bytes(), (!length).to_le_bytes()].concat());
        stream.extend(block);
        for byte in block {
            a = (a + u32::from(*byte)) % 65521;
            b = (b + a) % 65521;
        }
    }
    stream.extend((b << 16 | a).to_be_bytes());
    Ok(stream)
}

/// A relocatable 64-bit ELF object with the section `.dep-v0`, and with the one that tells GNU's linker that no stack need be executable.
fn object(machine: u16, data: &[u8]) -> Result<Vec<u8>> {
    const NAMES: &[u8] = b"\0.dep-v0\0.note.GNU-stack\0.shstrtab\0";
    const HEADER: u16 = 64;
    /// SHF_GNU_RETAIN: a section that nothing refers to is kept.
    const RETAIN: u64 = 0x20_0000;
    let start = u64::from(HEADER);
    let names = start + u64::try_from(data.len())?;
    let end = names + u64::try_from(NAMES.len())?;
    let table = end.next_multiple_of(8);
    // 64 bits, little-endian, version 1, GNU's extensions
    let mut file = b"\x7fELF\x02\x01\x01\x03".to_vec();
    file.resize(16, 0);
    // e_type (relocatable), e_machine; e_version; e_entry, e_phoff, e_shoff; e_flags
    file.extend([1, machine].map(u16::to_le_bytes).concat());
    file.extend(1u32.to_le_bytes());
    file.extend([0, 0, table].map(u64::to_le_bytes).concat());
    file.extend(0u32.to_le_bytes());
    // e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx
    file.extend([HEADER, 0, 0, 64, 4, 3].map(u16::to_le_bytes).concat());
    file.extend(data.iter().chain(NAMES));
    file.resize(usize::try_from(table)?, 0);
    // sh_name, sh_type (none, data, strings); sh_flags, sh_addr, sh_offset, sh_size; sh_link, sh_info; sh_addralign, sh_entsize
    for (name, kind, flags, from, to) in [(0, 0, 0, 0, 0), (1, 1, RETAIN, start, names), (9, 1, 0, names, names), (25, 3, 0, names, end)] {
        file.extend([name, kind].map(u32::to_le_bytes).concat());
        file.extend([flags, 0, from, to - from, 0, u64::from(kind != 0), 0].map(u64::to_le_bytes).concat());
    }
    Ok(file)
}
