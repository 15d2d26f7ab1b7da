"""Tests of the Graph API client."""
