//! What a command has to say.

/// What a command has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// For standard output.
    pub text: String,
    /// For standard error: what the reader should know and a script that reads the text should not see.
    pub notes: Vec<String>,
    /// Whether what was asked about is well; else the command ends with status 1.
    pub well: bool,
}
