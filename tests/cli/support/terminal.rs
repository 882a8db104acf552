//! A terminal on which envseal runs.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{LIMIT, Run, TestEnv};

/// The ends of the questions whose answers are shown.
const YES_OR_NO: [&[u8]; 2] = [b"[y/N] ", b"[Y/n] "];

/// Runs envseal on a terminal, types `answer` once it asks, and returns its status and everything that was shown.
pub(crate) fn on_terminal(env: &TestEnv, arguments: &[&str], answer: Option<&[u8]>) -> Option<(u32, String)> {
    run_on_terminal(env.envseal(arguments), answer)
}

/// Like [`on_terminal`], for any program.
pub(crate) fn run_on_terminal(run: Run<'_>, answer: Option<&[u8]>) -> Option<(u32, String)> {
    run_on_columns(run, 200, answer)
}

/// Like [`run_on_terminal`], on a terminal of this width.
pub(crate) fn run_on_columns(run: Run<'_>, cols: u16, answer: Option<&[u8]>) -> Option<(u32, String)> {
    run_answering(run, cols, answer.as_slice())
}

/// Like [`on_terminal`], with an answer for each question.
pub(crate) fn on_terminal_answering(
    env: &TestEnv,
    arguments: &[&str],
    answers: &[&[u8]],
) -> Option<(u32, String)> {
    run_answering(env.envseal(arguments), 200, answers)
}

fn run_answering(run: Run<'_>, cols: u16, answers: &[&[u8]]) -> Option<(u32, String)> {
    let env = run.env;
    let (mut child, master, shown) = started(run, PtySize { cols, ..PtySize::default() })?;
    let mut text = Vec::new();
    // Kept until the end: when it is dropped, it types a newline and an end of file, which the terminal would echo.
    let mut writer = master.take_writer().unwrap();
    let mut answered = 0;
    for answer in answers {
        while text.len() == answered || !text.ends_with(b": ") && !asks(&text) {
            text.extend(shown.recv_timeout(Duration::from_secs(30)).expect("the program should ask"));
        }
        // Text that is typed before the echo is off would be shown, as at any prompt.
        while !asks(&text) && has_echo(&*master) {
            std::thread::sleep(Duration::from_millis(1));
        }
        answered = text.len();
        writer.write_all(answer).unwrap();
    }
    let status = wait(&mut child).exit_code();
    assert!(has_echo(&*master), "the terminal is left as it was");
    drop(master);
    while let Ok(chunk) = shown.recv_timeout(Duration::from_secs(5)) {
        text.extend(chunk);
    }
    drop(writer);
    let text = String::from_utf8_lossy(&text).replace("\r\n", "\n");
    if !answers.is_empty() {
        // A prompt does not show the value. Without a prompt, the text also contains stdout.
        env.heard(&text);
    }
    Some((status, text))
}

/// Waits until the program ends, for at most `LIMIT`.
fn wait(child: &mut Child) -> portable_pty::ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            panic!("{child:?} does not end within {LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn asks(text: &[u8]) -> bool {
    YES_OR_NO.iter().any(|end| text.ends_with(end))
}

fn has_echo(terminal: &dyn MasterPty) -> bool {
    let flags = format!("{:?}", terminal.get_termios().unwrap().local_flags);
    flags.split(|c: char| !c.is_alphanumeric()).any(|flag| flag == "ECHO")
}

type Child = Box<dyn portable_pty::Child + Send + Sync>;
type Master = Box<dyn MasterPty + Send>;

/// Starts a program on a terminal. Also returns what is shown there, or None if no terminal is available.
fn started(run: Run<'_>, size: PtySize) -> Option<(Child, Master, mpsc::Receiver<Vec<u8>>)> {
    let pty = match native_pty_system().openpty(size) {
        Ok(pty) => pty,
        Err(error) => {
            println!("skipped: no terminal to be had: {error}");
            return None;
        }
    };
    let plain = run.into_command();
    let mut command = CommandBuilder::new(plain.get_program());
    command.args(plain.get_args());
    command.cwd(plain.get_current_dir().unwrap());
    command.env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    let child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let mut reader = pty.master.try_clone_reader().unwrap();
    let (send, shown) = mpsc::channel();
    std::thread::spawn(move || {
        let mut chunk = [0; 1024];
        loop {
            match reader.read(&mut chunk) {
                Ok(count @ 1..) => drop(send.send(chunk[..count].to_vec())),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                // When the other end of a terminal is closed, Linux reports an error, and other systems an end of file.
                Ok(0) | Err(_) => break,
            }
        }
    });
    Some((child, pty.master, shown))
}

/// A program on a terminal with a person, who types and waits for output.
pub(crate) struct Session {
    child: Child,
    master: Master,
    writer: Box<dyn Write + Send>,
    shown: mpsc::Receiver<Vec<u8>>,
    text: String,
    /// How much of the text the person has seen.
    seen: usize,
}

impl Session {
    /// Starts it on a terminal of 24 lines and 80 columns. Returns None if no terminal is available.
    pub(crate) fn start(run: Run<'_>) -> Option<Self> {
        let (child, master, shown) = started(run, PtySize::default())?;
        let writer = master.take_writer().unwrap();
        Some(Self { child, master, writer, shown, text: String::new(), seen: 0 })
    }

    /// Types these keys.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until `words` are shown, after what was waited for before.
    #[track_caller]
    pub(crate) fn until(&mut self, words: &str) {
        while !self.text[self.seen..].contains(words) {
            match self.shown.recv_timeout(Duration::from_secs(30)) {
                Ok(chunk) => self.text.push_str(&String::from_utf8_lossy(&chunk)),
                Err(error) => panic!("no {words:?} in {:?}: {error}", &self.text[self.seen..]),
            }
        }
        self.seen += self.text[self.seen..].find(words).unwrap() + words.len();
    }

    /// Waits for the next `>` and returns the text before it.
    #[track_caller]
    pub(crate) fn word(&mut self) -> String {
        let start = self.seen;
        self.until(">");
        self.text[start..self.seen - 1].to_owned()
    }

    /// Changes the size of the terminal.
    pub(crate) fn resize(&mut self, rows: u16, cols: u16) {
        self.master.resize(PtySize { rows, cols, ..PtySize::default() }).unwrap();
    }

    /// Returns the program's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits until it ends. Returns its exit status, whether a signal ended it, and everything that was shown.
    pub(crate) fn end(mut self) -> (u32, bool, String) {
        loop {
            match self.shown.recv_timeout(Duration::from_secs(30)) {
                Ok(chunk) => self.text.push_str(&String::from_utf8_lossy(&chunk)),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    let _ = self.child.kill();
                    panic!("it does not end: {:?}", self.text);
                }
            }
        }
        let status = wait(&mut self.child);
        assert!(has_echo(&*self.master), "the terminal is left as it was");
        (status.exit_code(), status.signal().is_some(), self.text)
    }
}
