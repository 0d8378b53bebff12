using System.Globalization;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>Who believed to hold what, when, by the one true clock; and whether that was right.</summary>
internal sealed class History(SimulatedNetwork network)
{
    private readonly List<Stay> _inside = [];
    private readonly Dictionary<string, (long All, long Writers)> _tokens = [];

    public List<string> Violations { get; } = [];

    public int Grants { get; private set; }

    public int Attached { get; private set; }

    /// <summary>What befell whom, when.</summary>
    public List<(TimeSpan At, string Kind)> Faults { get; } = [];

    /// <summary>All stays, also those that have ended: for other checkers than this one.</summary>
    public List<Stay> Stays { get; } = [];

    /// <summary>Somebody has it from now on.</summary>
    /// <param name="resource">What.</param>
    /// <param name="mode">How.</param>
    /// <param name="limit">How many may.</param>
    /// <param name="token">The token.</param>
    /// <param name="who">Who.</param>
    /// <returns>The stay, to be ended.</returns>
    public Stay Enter(string resource, ClaimMode mode, int limit, long token, string who)
    {
        Grants++;
        if (mode != ClaimMode.Counted)
        {
            var (all, writers) = _tokens.GetValueOrDefault(resource);
            if (mode == ClaimMode.Exclusive ? token <= all : token <= writers)
            {
                Violate($"{who} got {token} for {resource} as {mode} after {all} ({writers} of writers)");
            }

            _tokens[resource] = (Math.Max(all, token), mode == ClaimMode.Exclusive ? Math.Max(writers, token) : writers);
        }

        return Begin(resource, mode, limit, token, who);
    }

    /// <summary>Somebody has taken it over, with the token that it had.</summary>
    /// <param name="resource">What.</param>
    /// <param name="mode">How.</param>
    /// <param name="limit">How many may.</param>
    /// <param name="token">The token.</param>
    /// <param name="who">Who.</param>
    /// <returns>The stay, to be ended.</returns>
    public Stay Attach(string resource, ClaimMode mode, int limit, long token, string who)
    {
        Attached++;
        var (all, writers) = _tokens.GetValueOrDefault(resource);
        if (mode != ClaimMode.Counted && (mode == ClaimMode.Exclusive ? token < all : token < writers))
        {
            Violate($"{who} took {resource} over as {mode} with {token}, though {all} was given since ({writers} of writers)");
        }

        return Begin(resource, mode, limit, token, who, isAttached: true);
    }

    public void Leave(Stay stay)
    {
        _inside.Remove(stay);
        stay.Until = network.Now;
    }

    private Stay Begin(string resource, ClaimMode mode, int limit, long token, string who, bool isAttached = false)
    {
        var stay = new Stay(resource, mode, limit, token, who) { From = network.Now, IsAttached = isAttached };
        var others = _inside.Where(other => other.Resource == resource).ToArray();
        var isWrong = mode switch
        {
            ClaimMode.Exclusive => others.Length > 0,
            ClaimMode.Shared => others.Any(static other => other.Mode != ClaimMode.Shared),
            _ => others.Length >= limit,
        };
        if (isWrong)
        {
            Violate($"{who} entered {resource} as {mode} with {token} beside {string.Join(", ", others.Select(static other => $"{other.Who} as {other.Mode} with {other.Token}"))}");
        }

        _inside.Add(stay);
        Stays.Add(stay);
        return stay;
    }

    private void Violate(string what) => Violations.Add(string.Create(CultureInfo.InvariantCulture, $"{network.Now.TotalMilliseconds:0.0} ms: {what}"));

    internal sealed record Stay(string Resource, ClaimMode Mode, int Limit, long Token, string Who)
    {
        private readonly Guid _ = Guid.NewGuid();

        public TimeSpan From { get; init; }

        /// <summary>Whether it was taken over, with the token of the stay before it.</summary>
        public bool IsAttached { get; init; }

        /// <summary>When it ended; <see langword="null"/> while it lasts.</summary>
        public TimeSpan? Until { get; set; }
    }
}
