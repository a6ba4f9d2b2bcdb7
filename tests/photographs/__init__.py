"""Photographs of answer sheets as phones take them, drawn with known corners: desks, light, angles, two pages."""
