//! Texts that thousands of objects share, kept once.

use std::{collections::HashSet, sync::Arc};

use cyclades_crds::virtual_machine::Shape;

/// How many unused texts are tolerated before they are dropped.
const UNUSED_TOLERATED: usize = 4096;

/// Keeps one copy of each text and shape.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    texts: HashSet<Arc<str>>,
    shapes: HashSet<Arc<Shape>>,
    sweep_at: usize,
}

impl Interner {
    /// The kept copy of a text.
    pub(crate) fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.texts.get(text) {
            return Arc::clone(kept);
        }
        self.sweep();
        let kept: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&kept));
        kept
    }

    /// The kept copy of a shape.
    pub(crate) fn shape(&mut self, shape: Shape) -> Arc<Shape> {
        if let Some(kept) = self.shapes.get(&shape) {
            return Arc::clone(kept);
        }
        let kept = Arc::new(shape);
        self.shapes.insert(Arc::clone(&kept));
        kept
    }

    /// Messages name jobs and numbers, so new texts keep coming: those that nothing uses any more are dropped.
    fn sweep(&mut self) {
        if self.texts.len() >= self.sweep_at.max(UNUSED_TOLERATED) {
            self.texts.retain(|text| Arc::strong_count(text) > 1);
            self.sweep_at = self.texts.len() + UNUSED_TOLERATED;
        }
    }
}
