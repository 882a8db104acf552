//! A terminal for programs to run on.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

/// A pseudo-terminal: what is typed on it, and what is shown.
pub(crate) struct Terminal {
    master: File,
    slave: Option<File>,
    shown: Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        let master: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let master = File::from(master);
        let mut reader = master.try_clone().unwrap();
        let (send, shown) = channel();
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // The last program's end is an error here (EIO).
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                if send.send(chunk[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { master, slave: Some(slave), shown, seen: Vec::new() }
    }

    /// Starts a program with stdin, stdout and stderr on this terminal.
    pub(crate) fn start(&self, mut command: Command) -> Child {
        let side = || Stdio::from(self.slave.as_ref().unwrap().try_clone().unwrap());
        command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap()
    }

    /// Types.
    pub(crate) fn types(&mut self, keys: &[u8]) {
        self.master.write_all(keys).unwrap();
    }

    /// Waits until `text` is shown.
    pub(crate) fn wait_for(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.seen).contains(text) {
            match self.shown.recv_timeout(Duration::from_secs(20)) {
                Ok(more) => self.seen.extend(more),
                Err(why) => {
                    panic!("{text:?} is not shown ({why}), but {:?}", String::from_utf8_lossy(&self.seen))
                }
            }
        }
    }

    /// Whether what is typed is shown.
    pub(crate) fn echoes(&self) -> bool {
        tcgetattr(self.slave.as_ref().unwrap()).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// All that was shown, once the programs on it have ended.
    pub(crate) fn finish(mut self) -> String {
        self.slave = None;
        while let Ok(more) = self.shown.recv_timeout(Duration::from_secs(20)) {
            self.seen.extend(more);
        }
        String::from_utf8_lossy(&self.seen).into_owned()
    }
}
