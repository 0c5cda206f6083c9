"""Who works here: users, businesses, members and roles, sessions, API keys, and what each may call."""
