using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>
/// Claims that nobody wants any more and that the server could not be told of yet. One task a session goes on telling it, each in its turn, until it has
/// confirmed or the session has ended, and the claims with it. A fault that is not transient does not stop it: the session, which others use,
/// would keep the claim alive for good.
/// </summary>
internal sealed class OwedReleases(Engine engine, Session session, CancellationToken sessionEnded)
{
    private readonly Lock _gate = new();
    private readonly Queue<(ClaimKey Claim, bool IsLogged)> _claims = new();
    private bool _isRunning;

    public void Add(ClaimKey claim)
    {
        lock (_gate)
        {
            _claims.Enqueue((claim, IsLogged: false));
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        _ = RunAsync();
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _claims.Count == 0;
            }
        }
    }

    /// <summary>Takes what is still owed, for one who ends the session altogether.</summary>
    public IReadOnlyList<ClaimKey> Take()
    {
        lock (_gate)
        {
            var claims = _claims.Select(static owed => owed.Claim).ToArray();
            _claims.Clear();
            return claims;
        }
    }

    private async Task RunAsync()
    {
        var failures = 0;
        while (true)
        {
            (ClaimKey Claim, bool IsLogged) owed;
            lock (_gate)
            {
                // Looked at, not taken: one who ends the session meanwhile must find it.
                if (sessionEnded.IsCancellationRequested || !_claims.TryPeek(out owed))
                {
                    _isRunning = false;
                    return;
                }
            }

            var (isTold, isLogged) = await TrySendAsync(owed.Claim, owed.IsLogged).ConfigureAwait(false);
            lock (_gate)
            {
                if (_claims.TryPeek(out var first) && first.Claim == owed.Claim)
                {
                    _claims.Dequeue();
                    if (!isTold)
                    {
                        // Behind the others: they may be of a part of the store that answers.
                        _claims.Enqueue((owed.Claim, isLogged));
                    }
                }
            }

            session.CloseIfOwned();
            failures = isTold ? 0 : failures + 1;
            if (failures > 0)
            {
                await Task.Delay(Retry.DelayAfter(failures), engine.Clock.TimeProvider, sessionEnded)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async ValueTask<(bool IsTold, bool IsLogged)> TrySendAsync(ClaimKey claim, bool isLogged)
    {
        try
        {
            await session.SendReleaseAsync(claim, sessionEnded).ConfigureAwait(false);
            return (true, isLogged);
        }
        catch (CoordinationException exception) when (exception.IsTransient)
        {
            return (false, isLogged);
        }
        catch (OperationCanceledException) when (sessionEnded.IsCancellationRequested)
        {
            return (false, isLogged);
        }
        catch (Exception exception)
        {
            if (!isLogged)
            {
                engine.Log.ReleaseGivenUp(exception, claim.Resource, engine.Backend.Description.Name, claim.Id);
            }

            return (false, true);
        }
    }
}
