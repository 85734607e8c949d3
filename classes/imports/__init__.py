"""Bringing in classes and callers from Excel: read, judged, shown, applied, put right."""
