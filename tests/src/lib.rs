//! Nothing here: the tests of the project as a whole are in `tests/`.
