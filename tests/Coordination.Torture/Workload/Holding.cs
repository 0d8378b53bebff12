using Coordination.Backends;
using Coordination.Torture.Recording;

namespace Coordination.Torture;

/// <summary>A lease in the hands of a worker, which tells what it believes.</summary>
internal sealed class Holding
{
    private readonly IRecorder _recorder;
    private readonly CancellationTokenRegistration _lost;
    private bool _isOver;

    public Holding(string id, ILease lease, IRecorder recorder)
    {
        (Id, Lease, _recorder) = (id, lease, recorder);
        Token = lease is IFencedLease { FencingToken.Value: > 0 } fenced ? fenced.FencingToken.Value : null; // peers have none
        var (at, isHeld, until) = Ask();
        if (isHeld)
        {
            recorder.Record(new HoldBegan(at, id, Token, (lease as IBackendLease)?.Claim.Id, until));
            _lost = lease.Lost.Register(() => End(HoldEnd.Lost));
        }
        else
        {
            _isOver = true; // its time was up before anybody could believe in it
        }
    }

    public string Id { get; }

    public ILease Lease { get; }

    public long? Token { get; }

    /// <summary>Looks whether it is held, and tells so.</summary>
    public bool Look()
    {
        var (at, isHeld, until) = Ask();
        lock (_recorder)
        {
            if (_isOver)
            {
                return false;
            }

            if (isHeld)
            {
                _recorder.Record(new HoldSeen(at, Id, until));
                return true;
            }
        }

        End(HoldEnd.Lost);
        return false;
    }

    /// <summary>From here on nothing is done under the lease.</summary>
    public void End(HoldEnd how)
    {
        lock (_recorder)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
            _recorder.Record(new HoldEnded(_recorder.Now, Id, how));
        }

        _lost.Unregister();
    }

    // The moment is taken first: what was held later was held then. What remains is said later still, so it is not more than was promised.
    private (TimeSpan At, bool IsHeld, TimeSpan Until) Ask()
    {
        var at = _recorder.Now;
        var isHeld = Lease.State == LeaseState.Held;
        return (at, isHeld, at + Lease.Remaining);
    }
}
