"""Atari games of ale_py: frames, rewards and states that a seed decides, and errors."""

import hashlib

from ale_py import ALEInterface, LoggerMode, roms

ALEInterface.setLoggerMode(LoggerMode.Error)
for game in ("breakout", "pong", "space_invaders"):
    ale = ALEInterface()
    ale.setInt("random_seed", 7)
    ale.setFloat("repeat_action_probability", 0.0)
    ale.setBool("sound_obs", True)
    ale.loadROM(roms.get_rom_path(game))
    actions = ale.getMinimalActionSet()
    reward = sum(ale.act(actions[n % len(actions)]) for n in range(300))
    print(game, len(actions), reward, ale.lives(), ale.getFrameNumber())
    print(hashlib.sha256(ale.getScreenRGB().tobytes()).hexdigest()[:16])
    print(hashlib.sha256(ale.getAudio().tobytes()).hexdigest()[:16])
    state = ale.cloneState()
    ale.act(actions[-1])
    ale.restoreState(state)
    print(ale.getFrameNumber(), hashlib.sha256(ale.getRAM().tobytes()).hexdigest()[:16])
