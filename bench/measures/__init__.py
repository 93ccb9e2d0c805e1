"""One module a measure: `measure(settings)` gives its rows; its docstring says what is timed."""
