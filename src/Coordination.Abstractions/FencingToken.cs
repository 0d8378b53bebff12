using System.Globalization;

namespace Coordination;

/// <summary>
/// A number that grows with each grant of a resource, so that a store can tell a stale holder from the current one.
/// </summary>
/// <remarks>
/// Comparable within one resource only. Gaps are normal; nothing but the order has a meaning. See Martin Kleppmann, "How to do
/// distributed locking" (2016), for why a lease alone does not protect a store.
/// </remarks>
/// <param name="Value">The number: positive, and at most 2^53 on Redis, so that it survives Lua and JavaScript.</param>
public readonly record struct FencingToken(long Value) : IComparable<FencingToken>
{
    /// <inheritdoc/>
    public int CompareTo(FencingToken other) => Value.CompareTo(other.Value);

    /// <summary>Whether the left token was granted before the right one.</summary>
    public static bool operator <(FencingToken left, FencingToken right) => left.Value < right.Value;

    /// <summary>Whether the left token was granted after the right one.</summary>
    public static bool operator >(FencingToken left, FencingToken right) => left.Value > right.Value;

    /// <summary>Whether the left token was granted before the right one, or is the same.</summary>
    public static bool operator <=(FencingToken left, FencingToken right) => left.Value <= right.Value;

    /// <summary>Whether the left token was granted after the right one, or is the same.</summary>
    public static bool operator >=(FencingToken left, FencingToken right) => left.Value >= right.Value;

    /// <summary>The number in decimal digits, the same in every culture.</summary>
    /// <returns>For example <c>42</c>.</returns>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
