"""A class's submissions: collected, judged in parallel, and written up for learners and LMS."""
