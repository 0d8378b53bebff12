using Coordination.Backends;

namespace Coordination.Leases;

/// <content>The ways in which a session ends.</content>
internal sealed partial class Session
{
    /// <summary>Drops a session that is lost: nothing is sent, since it is not there any more or will end by itself.</summary>
    public void EndLost(string reason)
    {
        if (End(out var claims))
        {
            _engine.Log.SessionLost(_engine.Backend.Description.Name, Duration, reason);
            foreach (var claim in claims)
            {
                if (claim.State == ClaimState.Lost)
                {
                    TellLost(claim, reason);
                }
            }

            _ = DisposeBackendAsync();
        }
    }

    /// <summary>Leaves the session at the server for another process to take over.</summary>
    public void Leave()
    {
        if (End(out _))
        {
            _ = DisposeBackendAsync();
        }
    }

    /// <summary>Ends the session at the server, with all that is left in it, within the operation timeout.</summary>
    /// <param name="isEmptyOnly">Whether to leave it if it has a claim after all: one may have come since its caller looked.</param>
    public async Task CloseAsync(bool isEmptyOnly = false)
    {
        if (!End(out var claims, isEmptyOnly))
        {
            return;
        }

        _isClosed = true;
        var keys = new List<ClaimKey>(_owed.Take());
        foreach (var claim in claims)
        {
            keys.Add(claim.Key);
            if (claim.State == ClaimState.Lost)
            {
                TellLost(claim, "the coordinator was disposed");
            }
        }

        try
        {
            using var limit = _engine.Limit.Begin(CancellationToken.None);
            await Backend.EndAsync(keys, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            _engine.Log.SessionNotEnded(exception, _engine.Backend.Description.Name, Duration);
        }

        await DisposeBackendAsync().ConfigureAwait(false);
    }

    /// <summary>Whether it was ended here, and not lost.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>A session of one lease has nothing to live for once its claim is gone.</summary>
    public void CloseIfOwned()
    {
        bool isEmpty;
        lock (_gate)
        {
            // What is owed is told first, as long as the session lasts: it is not renewed any more.
            isEmpty = IsOwned && !_isEnded && _claims.Count == 0 && _releases == 0 && _owed.IsEmpty;
        }

        if (isEmpty)
        {
            _ = CloseAsync(isEmptyOnly: true);
        }
    }

    private void Abort()
    {
        End(out _);
    }

    /// <summary>Turns what is held into lost and what waits into gone, once.</summary>
    private bool End(out List<Claim> claims, bool isEmptyOnly = false)
    {
        lock (_gate)
        {
            claims = [];
            if (_isEnded || (isEmptyOnly && (_claims.Count > 0 || _releases > 0)))
            {
                return false;
            }

            _isEnded = true;
            foreach (var claim in _claims.Values)
            {
                claims.Add(claim);
                if (claim.State == ClaimState.Held)
                {
                    claim.Lose(TimeSpan.MaxValue);
                }
                else if (claim.State is ClaimState.Entering or ClaimState.Waiting)
                {
                    claim.Finish(ClaimState.Gone);
                    claim.Wake();
                }
            }

            // Those that were lost before have been told already.
            claims.RemoveAll(static claim => claim.State == ClaimState.Lost && claim.IsTold);
            _claims.Clear();
        }

        _timer.Dispose();
        _engine.Sessions.Remove(this);
        ThreadPool.UnsafeQueueUserWorkItem(static ended => ended.Cancel(), _ended, preferLocal: false);
        return true;
    }

    private async Task DisposeBackendAsync()
    {
        try
        {
            if (Backend is { } backend)
            {
                // A driver that hangs while it closes does not hang the coordinator's disposal.
                await backend.DisposeAsync().AsTask().WaitAsync(_engine.Limit.Timeout, _engine.Clock.TimeProvider).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            _engine.Log.SessionNotEnded(exception, _engine.Backend.Description.Name, Duration);
        }
    }
}
