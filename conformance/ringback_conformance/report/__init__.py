"""What a run found, for people and programs: terminal, JSON, JUnit, one HTML file, a badge."""
