"""The training job: one configuration in, events out, one adapter on disk.

What a kill between any two lines leaves: a checkpoint counts once its marker is there, the adapter once its folder was
renamed into place. Everything else is written again by the next start.

The switches stand here because the libraries read them when they are imported: nothing is fetched, nothing is reported.
"""

import os

os.environ.update(
    {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "WANDB_DISABLED": "true",
        "TOKENIZERS_PARALLELISM": "false",
    }
)
