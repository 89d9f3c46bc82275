// Copyright The sealwax Authors
// SPDX-License-Identifier: Apache-2.0

//! What main.c does, in Rust, and the names in a folder.
use std::{collections::BTreeSet, env, fs, io, process};

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["cat"] => drop(io::copy(&mut io::stdin(), &mut io::stdout())?),
        ["exit", code] => process::exit(code.parse().expect("a number")),
        ["read", path] => print!("{}", fs::read_to_string(path)?),
        ["write", path] => fs::write(path, "written\n")?,
        ["rename", from, to] => fs::rename(from, to)?,
        ["list", path] => {
            let names: Result<BTreeSet<_>, _> = fs::read_dir(path)?.map(|e| e.map(|e| e.file_name())).collect();
            for name in names? {
                println!("{}", name.to_string_lossy());
            }
        }
        _ => println!("X={:?} {:?}", env::var("X").ok(), args),
    }
    Ok(())
}
