"""The learning rate as a function of the epoch's number, so that a resumed run needs no memory."""


def rate_factor(epoch: int, epochs: int, decay_epochs: int) -> float:
    """Say what share of the learning rate an epoch trains with.

    Constant, then falling linearly over the last `decay_epochs`, reaching 0 just after the last
    epoch: every epoch learns something. (The reference steps its scheduler so that the last of
    200 epochs trains at exactly 0, or with its older order resumes at a wrong rate.)

    Args:
        epoch: Counted from 0.
        epochs: All of them, the decaying ones included.
        decay_epochs: How many of them, at the end, the rate falls.

    Source:
        Zhu et al. 2017, "Unpaired Image-to-Image Translation", section 4, training details.
    """
    past_constant = max(0, epoch + 1 - (epochs - decay_epochs))
    return 1 - past_constant / (decay_epochs + 1)
