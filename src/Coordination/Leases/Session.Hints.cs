using Coordination.Backends;

namespace Coordination.Leases;

/// <content>Hints from the backend: they make things quick, and are checked before they are believed.</content>
internal sealed partial class Session : ISessionListener
{
    void ISessionListener.OnGranted(string claimId, FencingToken token)
    {
        TimeSpan due;
        bool isGrant;
        Claim? claim;
        lock (_gate)
        {
            if (!_claims.TryGetValue(claimId, out claim))
            {
                return;
            }

            isGrant = claim.TryGrant(token, _engine.Clock.Now, isReply: false);

            // Granted, but so close to its deadline that it must be confirmed first.
            claim.MustAsk |= !isGrant && claim.State == ClaimState.Waiting;
            claim.Wake();
            due = claim.NextDue;
        }

        if (isGrant)
        {
            _engine.Telemetry.HandedOver(claim.Template);
        }

        _timer.At(due);
    }

    void ISessionListener.OnChanged(string? claimId)
    {
        lock (_gate)
        {
            if (claimId is null)
            {
                foreach (var claim in _claims.Values)
                {
                    AskAgain(claim);
                }
            }
            else if (_claims.TryGetValue(claimId, out var claim))
            {
                AskAgain(claim);
            }
        }

        static void AskAgain(Claim claim)
        {
            if (claim.State is ClaimState.Waiting or ClaimState.Entering)
            {
                claim.MustAsk = true;
                claim.Wake();
            }
        }
    }

    void ISessionListener.OnClaimLost(string claimId)
    {
        var lost = new List<Claim>();
        lock (_gate)
        {
            if (_claims.TryGetValue(claimId, out var claim) && claim.State is ClaimState.Waiting or ClaimState.Held)
            {
                GoneAtServer(claim, lost);
            }
        }

        foreach (var claim in lost)
        {
            TellLost(claim, "it was removed at the server");
        }

        CloseIfOwned();
    }

    void ISessionListener.OnSessionLost() => EndLost("the server says that the session has ended");

    void ISessionListener.OnMaintenanceDue() => _engine.Maintenance.Due();
}
