using Coordination.Backends;

namespace Coordination.Leases;

/// <content>What a renewal reads, and how its answer is taken down.</content>
internal sealed partial class Session
{
    public void CollectRenewable(List<Claim> into)
    {
        lock (_gate)
        {
            foreach (var claim in _claims.Values)
            {
                if (claim.State is ClaimState.Waiting or ClaimState.Held)
                {
                    into.Add(claim);
                }
            }
        }
    }

    public void Renewed(List<Claim> claims, RenewalResult result, TimeSpan evidence)
    {
        var lost = new List<Claim>();
        lock (_gate)
        {
            if (_isEnded)
            {
                return;
            }

            Outage = null;
            var now = _engine.Clock.Now;
            if (now >= _guaranteedUntil)
            {
                return; // Too late: a session past its own deadline is dropped, not revived.
            }

            // What was lost by the clock stays lost, though no timer has run yet: this answer came too late for it.
            foreach (var claim in _claims.Values)
            {
                if (LoseIfDue(claim, now))
                {
                    lost.Add(claim);
                }
            }

            _guaranteedUntil = Latest(_guaranteedUntil, Guarantee.Until(evidence, Duration, result.Remaining));
            var next = 0;
            for (var i = 0; i < claims.Count; i++)
            {
                var claim = claims[i];
                ClaimRenewal? exception = next < result.Exceptions.Count && result.Exceptions[next].Index == i ? result.Exceptions[next++] : null;
                if (claim.State is not (ClaimState.Waiting or ClaimState.Held) || exception?.Outcome == ClaimRenewalOutcome.Unconfirmed)
                {
                    continue;
                }

                if (exception?.Outcome == ClaimRenewalOutcome.Lost)
                {
                    GoneAtServer(claim, lost);
                    continue;
                }

                // A claim with a guarantee of its own is renewed by name; the others live as long as the session.
                if (claim.HasOwnGuarantee && !claim.TryConfirm(now, Guarantee.Until(evidence, Duration, result.Remaining)))
                {
                    continue;
                }

                if (exception?.Outcome == ClaimRenewalOutcome.Granted && claim.State == ClaimState.Waiting)
                {
                    claim.TryGrant(exception.Value.Token, now, isReply: true);
                    claim.Wake();
                }
            }
        }

        foreach (var claim in lost)
        {
            TellLost(claim, "it is no longer at the server, or its deadline passed");
        }

        Reschedule();
        CloseIfOwned();
    }

    public void RenewalFailed(CoordinationException exception) => Failed(exception);

    public void Reschedule()
    {
        TimeSpan due;
        lock (_gate)
        {
            due = NextDue();
        }

        _timer.At(due);
    }
}
