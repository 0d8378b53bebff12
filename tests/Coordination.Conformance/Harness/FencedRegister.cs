namespace Coordination.Conformance;

/// <summary>A store that does what fencing tokens are for: it refuses a write whose token is smaller than the greatest that it has seen.</summary>
public sealed class FencedRegister
{
    private readonly Lock _lock = new();
    private FencingToken _greatest;
    private string? _value;

    public string? Value
    {
        get
        {
            lock (_lock)
            {
                return _value;
            }
        }
    }

    /// <summary>Writes, unless the writer is stale.</summary>
    public bool TryWrite(FencingToken token, string value)
    {
        lock (_lock)
        {
            if (token < _greatest)
            {
                return false;
            }

            _greatest = token;
            _value = value;
            return true;
        }
    }
}
