public import TulleModel

/// The two ways in which an aggregated discovery stream tells of changes.
public typealias StreamFlavour = AggregatedDiscovery.Flavour
