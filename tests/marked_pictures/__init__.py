"""The same red ink twice: as the result page shows it in Chromium and as the marked paper's PDF has it, as pictures."""
