"""ChatTTS (2noise, 2024), implemented here: text to speech with refined text, drawn voices and audio prompts."""
