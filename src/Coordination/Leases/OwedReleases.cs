using Coordination.Backends;

namespace Coordination.Leases;

/// <summary>
/// Claims that nobody wants any more and that the server could not be told of yet. One task a session goes on telling it, until it has
/// confirmed or the session has ended, and the claims with it.
/// </summary>
internal sealed class OwedReleases(Engine engine, Session session, CancellationToken sessionEnded)
{
    private readonly Lock _gate = new();
    private readonly Queue<ClaimKey> _claims = new();
    private bool _isRunning;

    public void Add(ClaimKey claim)
    {
        lock (_gate)
        {
            _claims.Enqueue(claim);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        _ = RunAsync();
    }

    /// <summary>Takes what is still owed, for one who ends the session altogether.</summary>
    public IReadOnlyList<ClaimKey> Take()
    {
        lock (_gate)
        {
            var claims = _claims.ToArray();
            _claims.Clear();
            return claims;
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _claims.Count == 0 && !_isRunning;
            }
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            ClaimKey claim;
            lock (_gate)
            {
                // Looked at, not taken: one who ends the session meanwhile must find it.
                if (!_claims.TryPeek(out claim))
                {
                    _isRunning = false;
                    return;
                }
            }

            try
            {
                await engine.Retry.ExecuteAsync(
                    static (state, token) => state.session.SendReleaseAsync(state.claim, token), (session, claim), sessionEnded).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // The session has ended, and its claims with it.
            }
            catch (Exception exception)
            {
                engine.Log.ReleaseGivenUp(exception, claim.Resource, engine.Backend.Description.Name, claim.Id);
            }

            lock (_gate)
            {
                if (_claims.TryPeek(out var first) && first == claim)
                {
                    _claims.Dequeue();
                }
            }
        }
    }
}
